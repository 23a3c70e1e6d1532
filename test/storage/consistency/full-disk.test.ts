import { rmSync } from 'node:fs';
import { open, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { LevelMachine } from '../level-machine.ts';
import { asked, entriesAfter, genesis, rowsOf, start, write } from '../samples.ts';
import { Chronicler } from './chronicle.ts';
import { copiesRoot, imageOf } from './image.ts';
import { perform, Script } from './steps.ts';
import { never, type Verdict, verdictOn } from './verdict.ts';

const termOne = { term: 1, votedFor: 'a/1' };

let processes = 0;

/** What a process under `limits` says at last, and what a start without them finds. */
async function limited(
  script: Script,
  limits: string,
): Promise<{ readonly error: string | undefined; readonly verdict: Verdict }> {
  processes += 1;
  const dataDir = join(copiesRoot, `holdfast-limited-${process.pid}-${processes}`);
  try {
    const { acknowledged, error } = await perform(dataDir, script.lines(), limits);
    const image = imageOf(dataDir);
    return { error, verdict: await verdictOn(image, { image, chronicle: script.promisedAfter(acknowledged) }) };
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

function longLife(prepare: (script: Script) => void = () => undefined): Script {
  const script = new Script();
  script.write({ hardState: termOne });
  script.write({ entries: entriesAfter(start, 2, { bytes: 1_000 }) });
  prepare(script);
  for (let round = 0; round < 30; round += 1) {
    script.write({ entries: entriesAfter(script.last, 4, { bytes: 3_000 }) });
    if (round % 8 === 7) script.checkpoint(script.last, { [`row ${round}`]: 'x'.repeat(30_000) });
  }
  return script;
}

describe('a process whose files cannot grow (S38, S102)', () => {
  test('stops with the write that no longer fits, and a later one finds all that it acknowledged', async () => {
    for (const blocks of [40, 77, 110]) {
      const { error, verdict } = await limited(longLife(), `ulimit -f ${blocks}`);

      expect(error).toMatch(/^error BACKEND: .*File too large/);
      expect(verdict).toEqual({ kind: 'whole' });
    }
  });
});

describe('a process without descriptors (S38, S102)', () => {
  test('stops at the next file that LevelDB needs, and a later one finds all that it acknowledged', async () => {
    const script = longLife((one) => one.useUpDescriptors());

    const { error, verdict } = await limited(script, 'ulimit -n 200');

    expect(error).toMatch(/^error BACKEND: .*Too many open files/);
    expect(verdict).toEqual({ kind: 'whole' });
  });
});

const machines: LevelMachine[] = [];
afterEach(async () => {
  for (const machine of machines.splice(0)) await machine.remove();
});

/** A member that has acknowledged a term, and rotates its logs soon. */
async function member(): Promise<{ readonly machine: LevelMachine; readonly scribe: Chronicler }> {
  const machine = await LevelMachine.make({ after: never, writeBufferBytes: 64 * 1024 });
  machines.push(machine);
  const { store } = await machine.open();
  await asked((done) => store.form(genesis, done));
  const scribe = new Chronicler(store);
  await scribe.write({ hardState: termOne });
  return { machine, scribe };
}

/** Writes until the store refuses; its error. */
async function writeUntilRefused(scribe: Chronicler): Promise<unknown> {
  try {
    for (let round = 0; round < 60; round += 1) {
      await scribe.write({ entries: entriesAfter(scribe.last, 4, { bytes: 4_096 }) });
    }
  } catch (error) {
    return error;
  }
  return undefined;
}

/** Takes checkpoints until the store refuses; its error. */
async function checkpointUntilRefused(scribe: Chronicler): Promise<unknown> {
  await scribe.write({ entries: entriesAfter(scribe.last, 40) });
  try {
    for (let round = 1; round < 40; round += 1) {
      await scribe.checkpoint(scribe.at(round), { [`row ${round}`]: `${round}`.repeat(10_000) });
    }
  } catch (error) {
    return error;
  }
  return undefined;
}

/** `/dev/full` has no room; what is written to unmapped memory of this process is an input/output error. */
const devices = { ENOSPC: '/dev/full', EIO: '/proc/self/mem' } as const;

const named = (machine: LevelMachine, database: string, ending: string): readonly string[] =>
  Array.from({ length: 12 }, (_, place) => machine.path(database, `${String(place + 4).padStart(6, '0')}${ending}`));

describe.each(Object.entries(devices))('a disk that answers %s (S38, S102)', (_name, device) => {
  test.each([
    ['log', '.log', writeUntilRefused],
    ['log', '.ldb', writeUntilRefused],
    ['table-1', '.log', checkpointUntilRefused],
    ['table-1', '.ldb', checkpointUntilRefused],
  ] as const)(
    "to %s's next %s ends the store, and a restart finds all that was acknowledged",
    async (database, ending, untilRefused) => {
      const { machine, scribe } = await member();
      const paths = named(machine, database, ending);
      for (const path of paths) await symlink(device, path);

      const error = await untilRefused(scribe);

      expect(error).toMatchObject({ code: 'BACKEND' });
      await expect(write(scribe.store, {})).rejects.toBe(error);
      await machine.stop();
      // Room was made: what did not fit is not there, and a log that could not grow is empty.
      for (const path of paths) {
        await rm(path, { force: true });
        if (ending === '.log') await writeFile(path, '');
      }
      const image = imageOf(machine.dataDir);
      const verdict = await verdictOn(image, { image, chronicle: scribe.sofar });
      expect(verdict).toEqual({ kind: 'whole' });
    },
  );

  test.each(['log', 'table-1'])(
    'to a new MANIFEST of %s lets no node start, and the next start finds all',
    async (database) => {
      const { machine, scribe } = await member();
      await scribe.write({ entries: entriesAfter(start, 3) });
      await machine.stop();
      const chronicle = scribe.sofar;
      const path = machine.path(database, 'MANIFEST-000004');
      await symlink(device, path);

      await expect(machine.open()).rejects.toMatchObject({ code: 'BACKEND' });

      await rm(path, { force: true });
      const image = imageOf(machine.dataDir);
      expect(await verdictOn(image, { image, chronicle })).toEqual({ kind: 'whole' });
    },
  );
});

test('a table that rots under a running node is an error of its reader, and no rows (S38, S71)', async () => {
  const { machine, scribe } = await member();
  await scribe.write({ entries: entriesAfter(start, 4) });
  const rows = Object.fromEntries(Array.from({ length: 200 }, (_, row) => [`row ${row}`, `${row} `.repeat(500)]));
  await scribe.checkpoint(scribe.at(2), rows);
  await scribe.checkpoint(scribe.at(3), { one: 'more' });
  await machine.stop();
  const { store } = await machine.open();

  await rotAll(machine);

  await expect(rowsOf(store.rows())).rejects.toMatchObject({ code: 'CORRUPT_STORAGE' });
});

/** Changes a bit in every twentieth byte of the table files, in place, as a disk would under an open file. */
async function rotAll(machine: LevelMachine): Promise<void> {
  const names = (await readdir(machine.path('table-1'))).filter((name) => name.endsWith('.ldb'));
  for (const name of names) {
    const handle = await open(machine.path('table-1', name), 'r+');
    const bytes = await handle.readFile();
    for (let at = 0; at < bytes.length - 100; at += 20) bytes[at] = (bytes[at] ?? 0) ^ 4;
    await handle.write(bytes, 0, bytes.length, 0);
    await handle.close();
  }
}
