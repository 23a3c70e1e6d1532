import { cp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Entry } from '../../raft/index.ts';
import type { Opened } from '../../storage/index.ts';
import { entryKey } from '../../storage/keys.ts';
import { encodeEntry, ownerOf } from '../../storage/record.ts';
import { recordsIn } from './consistency/byte-classes.ts';
import { alter, flipBit, type LevelMachine, openBare, reasonOf, usedMachine } from './level-machine.ts';
import { entriesAfter, lastOf, write } from './samples.ts';

/** A member that was used and stopped in good order; each test damages a copy. */
let original: { machine: LevelMachine; entries: readonly Entry[] };
const copies: LevelMachine[] = [];

beforeAll(async () => {
  original = await usedMachine();
});
afterEach(async () => {
  for (const copy of copies.splice(0)) await copy.remove();
});
afterAll(() => original.machine.remove());

async function copyOf(machine: LevelMachine): Promise<LevelMachine> {
  const copy = await machine.crashed();
  copies.push(copy);
  return copy;
}

const damaged = (): Promise<LevelMachine> => copyOf(original.machine);

const entriesIn = (found: Opened): readonly number[] =>
  found.kind === 'member' ? found.restored.entries.map((entry) => entry.index) : [];

const holdsOriginal = (found: Opened): boolean =>
  found.kind === 'member' &&
  found.restored.entries.length === original.entries.length &&
  found.restored.entries.every((entry, place) => {
    const expected = original.entries[place];
    return expected?.chain === entry.chain && Buffer.compare(expected.payload, entry.payload) === 0;
  });

describe('a log damaged in the middle', () => {
  const offsets = [0.1, 0.3, 0.5, 0.7, 0.9];

  test('by one bit is quarantined, wherever the bit is (S96)', async () => {
    for (const part of offsets) {
      const machine = await damaged();
      const log = await machine.newest('log', '.log');
      await flipBit(log, Math.floor((await readFile(log)).length * part));

      expect(await reasonOf(machine)).toMatch(/\.log is damaged at byte \d+/);
    }
  });

  test('is opened by LevelDB without a word: the contrast to the check before', async () => {
    const machine = await damaged();
    const log = await machine.newest('log', '.log');
    await flipBit(log, Math.floor((await readFile(log)).length / 2));

    const level = await openBare(machine.path('log'));
    const keys = await level.keys({ gte: Buffer.of(0x10), lt: Buffer.of(0x11) }).all();
    await level.close();

    expect(keys.length).toBeLessThan(original.entries.length);
    expect(keys.at(-1)?.readUInt32BE(5)).toBe(original.entries.length);
  });

  test('by a page of zeros is quarantined', async () => {
    const machine = await damaged();
    await alter(await machine.newest('log', '.log'), (bytes) => bytes.fill(0, 40_960, 45_056));

    expect(await reasonOf(machine)).toMatch(/\.log is damaged at byte \d+/);
  });

  test('by a block that vanished whole is quarantined: the sequence numbers do not meet', async () => {
    const machine = await damaged();
    const block = 32 * 1024;
    await alter(await machine.newest('log', '.log'), (bytes) => {
      // The second block goes; what follows begins in the middle of a record or with a later one.
      return Buffer.concat([bytes.subarray(0, block), bytes.subarray(2 * block)]);
    });

    expect(await reasonOf(machine)).toMatch(/damaged|misses writes/);
  });

  test('by a write that vanished without a trace is quarantined, by the sequence numbers alone', async () => {
    const machine = await damaged();
    // Only the first block: what stands behind it would not fit its fragments any more.
    await alter(await machine.newest('log', '.log'), (bytes) => {
      const [, , gone] = recordsIn(bytes).records;
      if (gone === undefined) throw new Error('three writes are needed');
      return Buffer.concat([bytes.subarray(0, gone.from), bytes.subarray(gone.to, 32 * 1024)]);
    });

    expect(await reasonOf(machine)).toMatch(/misses writes before byte \d+: batch \d+ after \d+/);
  });

  test('stays quarantined, keeps the data as it was, and a copy as evidence', async () => {
    const machine = await damaged();
    const log = await machine.newest('log', '.log');
    await flipBit(log, 50_000);
    const before = await readFile(log);

    const first = await reasonOf(machine);
    const second = await reasonOf(machine);

    expect(second).toBe(first);
    expect((await readFile(log)).equals(before)).toBe(true);
    const name = log.slice(log.lastIndexOf('/') + 1);
    expect((await readFile(machine.path('quarantine', 'evidence-log-1', name))).equals(before)).toBe(true);
    expect(await readdir(machine.path('quarantine'))).toHaveLength(2);
  });
});

describe('a log cut short', () => {
  /** A copy with one write more than its watermark knows, which is what a crash leaves. */
  async function crashedAfterAWrite(): Promise<{ machine: LevelMachine; last: number }> {
    const living = await damaged();
    const { store } = await living.open();
    const more = entriesAfter(lastOf([...original.entries]), 1, { bytes: 4_096 });
    await write(store, { entries: more });
    return { machine: await copyOf(living), last: lastOf(more).index };
  }

  test('in its last write goes on without that write, whatever is left of it (S95)', async () => {
    const { machine, last } = await crashedAfterAWrite();
    const log = await machine.newest('log', '.log');
    const { length } = await readFile(log);
    for (const cut of [1, 100, 4_000, 4_200]) {
      const torn = await copyOf(machine);
      await truncate(await torn.newest('log', '.log'), length - cut);

      const { found } = await torn.open();

      expect(entriesIn(found).at(-1)).toBe(last - 1);
    }
  });

  test('by zeros where the last write should be goes on without it', async () => {
    const { machine, last } = await crashedAfterAWrite();
    await alter(await machine.newest('log', '.log'), (bytes) => bytes.fill(0, bytes.length - 4_200));

    const { found } = await machine.open();

    expect(entriesIn(found).at(-1)).toBe(last - 1);
  });

  test('in its last write goes on without it also behind the empty log of a recovery that was killed', async () => {
    const { machine, last } = await crashedAfterAWrite();
    const log = await machine.newest('log', '.log');
    await truncate(log, (await readFile(log)).length - 100);
    await writeFile(machine.path('log', '900001.log'), '');

    const { found } = await machine.open();

    expect(entriesIn(found).at(-1)).toBe(last - 1);
  });

  test('is quarantined if a later log holds a record: what was cut had been whole', async () => {
    const { machine } = await crashedAfterAWrite();
    const log = await machine.newest('log', '.log');
    const bytes = await readFile(log);
    await writeFile(log, bytes.subarray(0, bytes.length - 100));
    await writeFile(machine.path('log', '900001.log'), bytes);

    expect(await reasonOf(machine)).toMatch(/is damaged at byte \d+/);
  });

  test('in its last write leaves no copy of it where that write was not relied on', async () => {
    const { machine } = await crashedAfterAWrite();
    const log = await machine.newest('log', '.log');
    await truncate(log, (await readFile(log)).length - 100);

    expect(await reasonOf(machine)).toBe('opened as member');

    expect(await readdir(machine.path('quarantine'))).toEqual([]);
  });

  test('in a write that was relied on leaves a copy of what LevelDB drops', async () => {
    const machine = await damaged();
    const log = await machine.newest('log', '.log');
    await flipBit(log, (await readFile(log)).length - 100);
    const before = await readFile(log);

    expect(await reasonOf(machine)).toMatch(/ends at 119 but had reached 120/);

    const name = log.slice(log.lastIndexOf('/') + 1);
    expect((await readFile(machine.path('quarantine', 'evidence-log-1', name))).equals(before)).toBe(true);
  });

  test('below its watermark is quarantined', async () => {
    const machine = await damaged();
    await truncate(await machine.newest('log', '.log'), 60_000);

    expect(await reasonOf(machine)).toMatch(/the log ends at \d+ but had reached 120/);
  });

  test('to nothing, or deleted, is quarantined (S97)', async () => {
    const emptied = await damaged();
    await truncate(await emptied.newest('log', '.log'), 0);
    const deleted = await damaged();
    await rm(await deleted.newest('log', '.log'));
    const gone = await damaged();
    await rm(gone.path('log'), { recursive: true });

    expect(await reasonOf(emptied)).toMatch(/lacks the record|had reached/);
    expect(await reasonOf(deleted)).toMatch(/write-ahead log \d+ is missing/);
    expect(await reasonOf(gone)).toMatch(/log is missing/);
  });

  test('is quarantined when its newest term and vote are gone (S105)', async () => {
    const machine = await damaged();
    const { store } = await machine.open();
    await write(store, { hardState: { term: 2, votedFor: 'b/1' } });
    await machine.stop();
    const log = await machine.newest('log', '.log');
    await truncate(log, (await readFile(log)).length - 1);

    expect(await reasonOf(machine)).toMatch(/the log is of term 1 but this node was in 2/);
  });
});

test('an entry whose checksum is right and whose chain is not is quarantined', async () => {
  const machine = await damaged();
  const { clusterId, incarnation } = JSON.parse(await readFile(machine.path('identity.json'), 'utf8'));
  const owner = ownerOf(clusterId, incarnation);
  const [before, entry] = original.entries.slice(79, 81);
  if (before === undefined || entry === undefined) throw new Error('81 entries are needed');
  const level = await openBare(machine.path('log'));
  // A write of the past, put in the place of another: whole, and of this node.
  const misplaced = encodeEntry(owner, { ...entry, payload: before.payload });
  await level.put(entryKey(entry.index), misplaced);
  await level.close();

  expect(await reasonOf(machine)).toMatch(/entry 81 does not continue its chain/);
});

describe('an older copy', () => {
  test('of the log alone is quarantined (S104)', async () => {
    const machine = await damaged();
    const { store } = await machine.open();
    await write(store, { entries: entriesAfter(lastOf([...original.entries]), 1) });
    await machine.stop();
    await rm(machine.path('log'), { recursive: true });
    await cp(original.machine.path('log'), machine.path('log'), { recursive: true });

    expect(await reasonOf(machine)).toMatch(/ends at 120 but had reached 121/);
  });

  test('of another table is quarantined', async () => {
    const machine = await damaged();
    const other = await usedMachine(3);
    copies.push(other.machine);
    await rm(machine.path('table-1'), { recursive: true });
    await cp(other.machine.path('table-1'), machine.path('table-1'), { recursive: true });

    expect(await reasonOf(machine)).toMatch(/another node's/);
  });

  test('of the whole directory opens: only the peers can tell, by the run that they have seen (S104)', async () => {
    const machine = await damaged();
    const { found } = await machine.open();

    expect(found).toMatchObject({ kind: 'member', identity: { run: 2 } });
  });
});

test('a machine that was damaged in no way opens with everything', async () => {
  const { found } = await (await damaged()).open();

  expect(holdsOriginal(found)).toBe(true);
  expect(Object.keys(found.rows)).toHaveLength(50);
});
