import { readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { recordsIn } from './consistency/byte-classes.ts';
import { alter, flipBit, LevelMachine, openBare, reasonOf } from './level-machine.ts';
import { asked, checkpoint, entriesAfter, genesis, positionOf, start, write } from './samples.ts';

/** A stopped member whose table had 60 checkpoints, each of which is a batch in LevelDB's write-ahead log. */
let original: LevelMachine;
const copies: LevelMachine[] = [];
const checkpoints = 60;

beforeAll(async () => {
  original = await LevelMachine.make();
  const { store } = await original.open();
  await asked((done) => store.form(genesis, done));
  const entries = entriesAfter(start, checkpoints);
  await write(store, { hardState: { term: 1, votedFor: 'a/1' }, entries });
  for (const entry of entries) {
    await checkpoint(store, positionOf(entry), { [`row ${entry.index}`]: `${entry.index} `.repeat(400) });
  }
  await original.stop();
});
afterEach(async () => {
  for (const copy of copies.splice(0)) await copy.remove();
});
afterAll(() => original.remove());

async function damaged(): Promise<LevelMachine> {
  const copy = await original.crashed();
  copies.push(copy);
  return copy;
}

const tableLog = (machine: LevelMachine): Promise<string> => machine.newest('table-1', '.log');

/** What opens, by its number of rows and its position. */
async function openedAs(machine: LevelMachine): Promise<string> {
  const { found } = await machine.open();
  if (found.kind !== 'member') return found.kind;
  const rows = found.rows;
  return `${Object.keys(rows).length} rows at ${found.restored.checkpoint.position.index}`;
}

describe("LevelDB's log of a table, damaged in the middle", () => {
  test('by one bit is quarantined, wherever the bit is (S96)', async () => {
    for (const part of [0.1, 0.3, 0.5, 0.7, 0.9]) {
      const machine = await damaged();
      const log = await tableLog(machine);
      await flipBit(log, Math.floor((await readFile(log)).length * part));

      expect(await reasonOf(machine)).toMatch(/\.log is damaged at byte \d+/);
    }
  });

  test('is opened by LevelDB without a word: the contrast to the check before', async () => {
    const machine = await damaged();
    const log = await tableLog(machine);
    await flipBit(log, Math.floor((await readFile(log)).length / 2));

    const level = await openBare(machine.path('table-1'));
    const keys = await level.keys({ gte: Buffer.of(0x30), lt: Buffer.of(0x31) }).all();
    await level.close();

    expect(keys.length).toBeLessThan(checkpoints);
    expect(keys.map(String)).toContain(`0row ${checkpoints}`);
  });

  test('by a batch that vanished without a trace is quarantined, by the sequence numbers alone', async () => {
    const machine = await damaged();
    // Only the first block: what stands behind it would not fit its fragments any more.
    await alter(await tableLog(machine), (bytes) => {
      const [, , gone] = recordsIn(bytes).records;
      if (gone === undefined) throw new Error('three batches are needed');
      return Buffer.concat([bytes.subarray(0, gone.from), bytes.subarray(gone.to, 32 * 1024)]);
    });

    expect(await reasonOf(machine)).toMatch(/misses writes before byte \d+: batch \d+ after \d+/);
  });

  test('is quarantined with a copy of what LevelDB would rewrite, and the data as it was', async () => {
    const machine = await damaged();
    const log = await tableLog(machine);
    await flipBit(log, 50_000);
    const before = await readFile(log);

    await reasonOf(machine);

    const name = log.slice(log.lastIndexOf('/') + 1);
    expect((await readFile(log)).equals(before)).toBe(true);
    expect((await readFile(machine.path('quarantine', 'evidence-table-1-1', name))).equals(before)).toBe(true);
  });
});

describe("LevelDB's log of a table, cut short", () => {
  test('in its last batch goes on with the checkpoint before, and leaves no copy of what nobody relied on (S95)', async () => {
    for (const cut of [1, 100, 700]) {
      const machine = await damaged();
      const log = await tableLog(machine);
      await truncate(log, (await readFile(log)).length - cut);

      expect(await openedAs(machine)).toBe('59 rows at 59');
      expect(await readdir(machine.path('quarantine'))).toEqual([]);
    }
  });

  test('in its last batch goes on also behind the empty log of a recovery that was killed', async () => {
    const machine = await damaged();
    const log = await tableLog(machine);
    await truncate(log, (await readFile(log)).length - 100);
    await writeFile(machine.path('table-1', '900001.log'), '');

    expect(await openedAs(machine)).toBe('59 rows at 59');
  });

  test('is quarantined if a later log holds a batch: what was cut had been whole', async () => {
    const machine = await damaged();
    const log = await tableLog(machine);
    const bytes = await readFile(log);
    await writeFile(log, bytes.subarray(0, bytes.length - 100));
    await writeFile(machine.path('table-1', '900001.log'), bytes);

    expect(await reasonOf(machine)).toMatch(/is damaged at byte \d+/);
  });

  test('in a batch that was relied on leaves a copy of what LevelDB drops', async () => {
    const machine = await damaged();
    const { store } = await machine.open();
    const entries = entriesAfter(start, checkpoints);
    await write(store, { base: positionOf(entries[checkpoints - 1] ?? start) });
    await machine.stop();
    // That open has put all rows into a table file; so the contrast needs a checkpoint of its own.
    const { store: next } = await machine.open();
    const more = entriesAfter(positionOf(entries.at(-1) ?? start), 1);
    await write(next, { entries: more });
    await checkpoint(next, positionOf(more[0] ?? start), { new: 'row' });
    await write(next, { base: positionOf(more[0] ?? start) });
    await machine.stop();
    const log = await tableLog(machine);
    await flipBit(log, (await readFile(log)).length - 10);
    const before = await readFile(log);

    expect(await reasonOf(machine)).toMatch(/the table ends at 60, the log begins at 61/);

    const name = log.slice(log.lastIndexOf('/') + 1);
    expect((await readFile(machine.path('quarantine', 'evidence-table-1-1', name))).equals(before)).toBe(true);
  });

  test('to nothing is quarantined as soon as the log begins later, and deleted at once (S97)', async () => {
    const deleted = await damaged();
    await rm(await tableLog(deleted));
    const emptied = await damaged();
    await truncate(await tableLog(emptied), 0);

    expect(await reasonOf(deleted)).toMatch(/write-ahead log \d+ is missing/);
    expect(await reasonOf(emptied)).toMatch(/has no head/);
  });
});
