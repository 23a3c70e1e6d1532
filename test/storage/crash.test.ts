import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, readdir, readFile, truncate } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Level } from 'level';
import { afterEach, describe, expect, test } from 'vitest';
import type { LevelStore, LevelStoreOptions } from '../../storage/index.ts';
import { LevelMachine, reasonOf } from './level-machine.ts';
import {
  asked,
  checkpoint,
  chunksOf,
  entriesAfter,
  genesis,
  headAt,
  lastOf,
  positionOf,
  start,
  write,
} from './samples.ts';

const machines: LevelMachine[] = [];
afterEach(async () => {
  for (const machine of machines.splice(0)) await machine.remove();
});

async function member(options: Partial<LevelStoreOptions> = {}): Promise<{ machine: LevelMachine; store: LevelStore }> {
  const machine = await LevelMachine.make(options);
  machines.push(machine);
  const { store } = await machine.open();
  await asked((done) => store.form(genesis, done));
  return { machine, store };
}

/** What a crash now would leave. */
async function crashed(machine: LevelMachine): Promise<LevelMachine> {
  const copy = await machine.crashed();
  machines.push(copy);
  return copy;
}

const termOne = { term: 1, votedFor: undefined };

/** Writes entries one by one and says each index once it is durable. */
const writer = `
  const { LevelStore, chainOf } = await import(process.argv[1]);
  const store = new LevelStore({ dataDir: process.argv[2], nodeId: 'n1' });
  const none = { hardState: undefined, install: undefined, base: undefined, truncateFrom: undefined, entries: [] };
  const asked = (call) => new Promise((resolve, reject) => call((o) => (o.ok ? resolve(o.value) : reject(o.error))));
  await asked((done) => store.open(() => undefined, done));
  const configuration = { voters: [], outgoing: [], learners: [] };
  await asked((done) => store.form({ clusterId: 'c', configuration }, done));
  await asked((done) => store.write({ ...none, hardState: { term: 1, votedFor: 'n1' } }, done));
  for (let index = 1, chain = 0; ; index += 1) {
    const body = { index, term: 1, kind: 'commands', payload: new Uint8Array(300).fill(index) };
    chain = chainOf(chain, body);
    await asked((done) => store.write({ ...none, entries: [{ ...body, chain }] }, done));
    process.stdout.write(index + '\\n');
  }
`;
const built = fileURLToPath(new URL('../../dist/storage/index.js', import.meta.url));

test('a process killed while it writes has everything it acknowledged', async () => {
  const machine = await LevelMachine.make();
  machines.push(machine);
  const child = spawn(process.execPath, ['--input-type=module', '-e', writer, built, machine.dataDir]);
  let acknowledged = 0;
  for await (const line of createInterface(child.stdout)) {
    acknowledged = Number.parseInt(line, 10);
    if (acknowledged === 200) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');

  const { found } = await machine.open();

  expect(found).toMatchObject({ kind: 'member', identity: { run: 2 }, restored: { hardState: { votedFor: 'n1' } } });
  expect(found.kind === 'member' && found.restored.entries.length).toBeGreaterThanOrEqual(acknowledged);
});

describe('a crash while a snapshot is taken in', () => {
  test('leaves the old table before the installing write, the new one after it', async () => {
    const { store: sender } = await member();
    const entries = entriesAfter(start, 8);
    await write(sender, { hardState: termOne, entries });
    await checkpoint(sender, positionOf(lastOf(entries)), { new: 'row' });
    const reader = sender.readSnapshot();
    const { machine, store } = await member();
    await checkpoint(store, start, { old: 'row' });

    const receiver = store.receiveSnapshot(reader.head);
    for (const chunk of await chunksOf(reader)) await asked<void>((done) => receiver.put(chunk, done));
    const receiving = await crashed(machine);
    await asked<void>((done) => receiver.finish(reader.total, done));
    const finished = await crashed(machine);
    // A reader keeps the old table where it is: it must not go while it is copied, and the next open has to remove it.
    const old = store.readSnapshot();
    await write(store, { hardState: termOne, install: { snapshot: reader.head, keepsSuffix: false } });
    const installed = await crashed(machine);
    await chunksOf(old);

    for (const [image, row, table] of [
      [receiving, 'old', 'table-1'],
      [finished, 'old', 'table-1'],
      [installed, 'new', 'table-2'],
    ] as const) {
      const { found } = await image.open();
      if (found.kind !== 'member') throw new Error(`opened as ${JSON.stringify(found)}`);
      expect(Object.keys(found.rows)).toEqual([row]);
      expect((await readdir(image.dataDir)).filter((name) => name.startsWith('table-'))).toEqual([table]);
    }
  });

  test('an installed table that lost any of its newest batches is quarantined, never believed with fewer rows (S71)', async () => {
    const { store: sender } = await member();
    const entries = entriesAfter(start, 8);
    await write(sender, { hardState: termOne, entries });
    await checkpoint(sender, positionOf(lastOf(entries)), { a: '1', b: '2', c: '3' });
    const reader = sender.readSnapshot();
    const { machine, store } = await member();
    const receiver = store.receiveSnapshot(reader.head);
    const lengths: number[] = [];
    for (const chunk of await chunksOf(reader, 1)) {
      await asked<void>((done) => receiver.put(chunk, done));
      lengths.push((await readFile(await machine.newest('table-2', '.log'))).length);
    }
    await asked<void>((done) => receiver.finish(reader.total, done));
    await write(store, { hardState: termOne, install: { snapshot: reader.head, keepsSuffix: false } });
    await expect.poll(async () => (await readdir(machine.dataDir)).includes('table-1')).toBe(false);

    const reasons: string[] = [];
    for (const length of lengths) {
      const image = await crashed(machine);
      await truncate(await image.newest('table-2', '.log'), length);
      reasons.push(await reasonOf(image));
    }

    expect(lengths).toHaveLength(3);
    for (const reason of reasons) expect(reason).toMatch(/the table ends at 0, the log begins at 8/);
    expect(await reasonOf(await crashed(machine))).toBe('opened as member');
  });

  test('a reader of the old table goes on after the installation, and then the old table goes', async () => {
    const { machine, store } = await member();
    await checkpoint(store, start, { old: 'row' });
    const old = store.readSnapshot();
    const position = { index: 5, term: 1, chain: 7 };
    const receiver = store.receiveSnapshot(headAt(position));
    await asked<void>((done) => receiver.finish({ chunks: 0, checksum: 0 }, done));
    await write(store, { hardState: termOne, install: { snapshot: headAt(position), keepsSuffix: false } });

    expect(await chunksOf(old)).toHaveLength(1);

    await expect.poll(async () => (await readdir(machine.dataDir)).includes('table-1')).toBe(false);
  });
});

test('a crash while a node becomes a member leaves a blank one, and what it had made aside', async () => {
  const { machine } = await member();
  const blank = await LevelMachine.make();
  machines.push(blank);
  await blank.open();
  await blank.stop();
  const half = await crashed(machine);
  await cp(blank.path('identity.json'), half.path('identity.json'));

  const { found } = await half.open();

  expect(found.kind).toBe('blank');
  expect(await readdir(half.path('quarantine', 'unformed-1'))).toContain('log');
  expect(await readdir(half.dataDir)).not.toContain('log');
});

describe('the watermark', () => {
  /** A member whose timers fire only when told. */
  async function watched(options: Partial<LevelStoreOptions> = {}) {
    const timers = new Set<() => void>();
    const after = (_: number, fire: () => void): { cancel(): void } => {
      timers.add(fire);
      return { cancel: () => timers.delete(fire) };
    };
    const fire = (): void => {
      for (const timer of [...timers]) {
        timers.delete(timer);
        timer();
      }
    };
    return { fire, ...(await member({ after, ...options })) };
  }

  /** What `machine` says after a crash that cost it its whole write-ahead log from `offset` on. */
  async function afterLoss(machine: LevelMachine, offset: number): Promise<string> {
    const image = await crashed(machine);
    await truncate(await image.newest('log', '.log'), offset);
    return reasonOf(image);
  }

  const sizeOf = async (machine: LevelMachine): Promise<number> =>
    (await readFile(await machine.newest('log', '.log'))).length;

  test('knows a new term and vote before the write that brings them is acknowledged', async () => {
    const { machine, store } = await watched();
    const before = await sizeOf(machine);
    await write(store, { hardState: { term: 4, votedFor: 'b/1' } });

    expect(await afterLoss(machine, before)).toMatch(/of term 0 but this node was in 4/);
  });

  test('knows an index one interval later: a loss before that passes, one after it does not', async () => {
    const { machine, store, fire } = await watched();
    await write(store, { hardState: termOne });
    const before = await sizeOf(machine);
    await write(store, { entries: entriesAfter(start, 3) });
    expect(await afterLoss(machine, before)).toBe('opened as member');

    fire();

    await expect.poll(() => afterLoss(machine, before)).toMatch(/ends at 0 but had reached 3/);
  });

  test('knows an index after so many entries, whatever the time', async () => {
    const { machine, store } = await watched({ watermarkEntriesMax: 10 });
    await write(store, { hardState: termOne });
    const before = await sizeOf(machine);
    await write(store, { entries: entriesAfter(start, 10) });

    await expect.poll(() => afterLoss(machine, before)).toMatch(/ends at 0 but had reached 10/);
  });

  test('is lowered before a truncation, so that a crash between the two is none', async () => {
    const { machine, store, fire } = await watched();
    const before = await sizeOf(machine);
    await write(store, { hardState: termOne, entries: entriesAfter(start, 6) });
    fire();
    await expect.poll(() => afterLoss(machine, before)).toMatch(/had reached 6/);
    const long = await crashed(machine);
    await write(store, { truncateFrom: 4 });
    const short = await crashed(machine);

    const between = await crashed(long);
    const contrast = await crashed(short);
    for (const name of ['watermark.a', 'watermark.b']) {
      await cp(short.path(name), between.path(name));
      await cp(long.path(name), contrast.path(name));
    }

    expect(await reasonOf(between)).toBe('opened as member');
    expect(await reasonOf(short)).toBe('opened as member');
    expect(await reasonOf(contrast)).toMatch(/ends at 3 but had reached 6/);
  });
});

test('what the base has passed is deleted by later writes, also after a restart (S100)', async () => {
  const { machine, store } = await member();
  const entries = entriesAfter(start, 400);
  await write(store, { hardState: termOne, entries });
  const middle = positionOf(entries[299] ?? start);
  await checkpoint(store, middle, {});
  await write(store, { base: middle });
  await machine.stop();
  const { store: second } = await machine.open();
  let last = lastOf(entries);
  for (let round = 0; round < 6; round += 1) {
    const more = entriesAfter(last, 1);
    await write(second, { entries: more });
    last = lastOf(more);
  }
  await machine.stop();

  const level = new Level<Buffer, Buffer>(machine.path('log'), { keyEncoding: 'buffer', valueEncoding: 'buffer' });
  await level.open();
  const keys = await level.keys({ gte: Buffer.of(0x10), lt: Buffer.of(0x11) }).all();
  await level.close();

  expect(keys.map((key) => key.readUInt32BE(5))).toEqual(Array.from({ length: 106 }, (_, place) => 301 + place));
});
