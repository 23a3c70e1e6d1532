import { cp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Entry } from '../../raft/index.ts';
import type { Opened } from '../../storage/index.ts';
import { alter, endOf, flipBit, type LevelMachine, reasonOf, usedMachine } from './level-machine.ts';
import { framesIn, rewriteLog } from './log-files.ts';
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

const holdsOriginal = (found: Opened): boolean =>
  found.kind === 'member' &&
  found.restored.entries.length === original.entries.length &&
  found.restored.entries.every((entry, place) => {
    const expected = original.entries[place];
    return expected?.chain === entry.chain && Buffer.compare(expected.payload, entry.payload) === 0;
  });

describe('a log damaged in the middle', () => {
  const offsets = [0.1, 0.3, 0.5, 0.7, 0.9];

  test('by one bit is quarantined, in whichever of its files and wherever the bit is (S96)', async () => {
    const count = (await original.machine.segments()).length;
    expect(count).toBeGreaterThan(5);
    for (const place of [0, count >> 1, count - 1]) {
      for (const part of offsets) {
        const machine = await damaged();
        const path = (await machine.segments())[place] ?? '';
        await flipBit(path, Math.floor(endOf(await readFile(path)) * part));

        expect(await reasonOf(machine)).toMatch(/segment-\d+ is damaged at byte \d+/);
      }
    }
  });

  test('by a page of zeros is quarantined', async () => {
    const older = await damaged();
    await alter((await older.segments())[2] ?? '', (bytes) => bytes.fill(0, 40_960, 45_056));
    const newest = await damaged();
    await alter(await newest.newestSegment(), (bytes) => bytes.fill(0, 4_096, 8_192));

    expect(await reasonOf(older)).toMatch(/is damaged at byte 40960: a later write stands after it/);
    expect(await reasonOf(newest)).toMatch(/is damaged at byte 4096: a later write stands after it/);
  });

  /** The newest file of the log with its pieces in another order, and of the length that it had. */
  const rearranged = async (order: (pieces: readonly Buffer[]) => readonly Buffer[]): Promise<LevelMachine> => {
    const machine = await damaged();
    await alter(await machine.newestSegment(), (bytes) => {
      const pieces = framesIn(bytes).map(({ from, to }) => bytes.subarray(from, to));
      expect(pieces.length).toBeGreaterThan(4);
      const next = Buffer.alloc(bytes.length);
      Buffer.concat(order(pieces)).copy(next);
      return next;
    });
    return machine;
  };

  test('by a write that vanished without a trace, came twice, or changed places is quarantined', async () => {
    const vanished = await rearranged((all) => all.toSpliced(2, 1));
    const doubled = await rearranged((all) => all.toSpliced(2, 0, ...all.slice(1, 2)));
    const doubledLast = await rearranged((all) => [...all, ...all.slice(-1)]);
    const swapped = await rearranged(([first, one, two, ...rest]) =>
      [first, two, one, ...rest].filter((piece) => piece !== undefined),
    );

    for (const machine of [vanished, doubled, doubledLast, swapped]) {
      expect(await reasonOf(machine)).toMatch(/write \d+ does not follow write \d+/);
    }
  });

  test('by a file that has the place of another, or is gone, is quarantined', async () => {
    const exchanged = await damaged();
    const [one = '', two = ''] = (await exchanged.segments()).slice(1, 3);
    const former = await readFile(one);
    await writeFile(one, await readFile(two));
    await writeFile(two, former);
    const gone = await damaged();
    await rm((await gone.segments())[1] ?? '');
    const oldest = await damaged();
    await rm((await oldest.segments())[0] ?? '');

    expect(await reasonOf(exchanged)).toMatch(/is damaged at byte 0: a write of segment 3/);
    expect(await reasonOf(gone)).toMatch(/lacks segment 2/);
    expect(await reasonOf(oldest)).toMatch(/the log begins at \d+, the entries after 0 are gone/);
  });

  test('stays quarantined, and every file of it as it was', async () => {
    const machine = await damaged();
    const [path = ''] = await machine.segments();
    await flipBit(path, 50_000);
    const before = await readFile(path);

    const first = await reasonOf(machine);
    const second = await reasonOf(machine);

    expect(second).toBe(first);
    expect((await readFile(path)).equals(before)).toBe(true);
    expect(await readdir(machine.path('quarantine'))).toEqual(['verdict.json']);
  });
});

describe('a log cut short', () => {
  test('by a byte or more is quarantined, since its files have one length from the first', async () => {
    for (const part of [0.2, 0.6, 0.99999]) {
      const machine = await damaged();
      const path = await machine.newestSegment();
      await truncate(path, Math.floor((await readFile(path)).length * part));

      expect(await reasonOf(machine)).toMatch(/is damaged at byte|bytes instead of|had reached/);
    }
  });

  test('below its watermark is quarantined, though nothing else shows it', async () => {
    const machine = await damaged();
    await alter(await machine.newestSegment(), (bytes) => bytes.fill(0, endOf(bytes) - 8_192));

    expect(await reasonOf(machine)).toMatch(/the log ends at 118 but had reached 120/);
  });

  test('to nothing, or deleted, is quarantined (S97)', async () => {
    const emptied = await damaged();
    await truncate(await emptied.newestSegment(), 0);
    const zeroed = await damaged();
    await alter(await zeroed.newestSegment(), (bytes) => bytes.fill(0));
    const deleted = await damaged();
    await rm(await deleted.newestSegment());
    const spare = await damaged();
    for (const name of (await readdir(spare.path('log'))).sort().slice(-2)) await rm(spare.path('log', name));
    const gone = await damaged();
    await rm(gone.path('log'), { recursive: true });

    expect(await reasonOf(emptied)).toMatch(/lacks all writes of segment \d+/);
    expect(await reasonOf(zeroed)).toMatch(/lacks all writes of segment \d+/);
    expect(await reasonOf(deleted)).toMatch(/lacks segment \d+/);
    expect(await reasonOf(spare)).toMatch(/lacks segment \d+/);
    expect(await reasonOf(gone)).toMatch(/log is missing/);
  });

  test('is quarantined when its newest term and vote are gone (S105)', async () => {
    const machine = await damaged();
    const { store } = await machine.open();
    await write(store, { hardState: { term: 2, votedFor: 'b/1' } });
    await machine.stop();
    await alter(await machine.newestSegment(), (bytes) => bytes.fill(0, endOf(bytes) - 4_096));

    expect(await reasonOf(machine)).toMatch(/the log is of term 1 but this node was in 2/);
  });
});

test('an entry whose checksum is right and whose chain is not is quarantined', async () => {
  const machine = await damaged();
  const [before] = original.entries.slice(79, 80);
  if (before === undefined) throw new Error('80 entries are needed');

  // A payload of the past, put in the place of another: whole, and of this node.
  await rewriteLog(machine, (said) => {
    const [entry] = said.content.entries;
    if (entry?.index !== 81) return said;
    return { ...said, content: { ...said.content, entries: [{ ...entry, payload: before.payload }] } };
  });

  expect(await reasonOf(machine)).toMatch(/entry 81 does not continue its chain/);
});

test('a write without its place is quarantined: an entry is missing, or one is of another life', async () => {
  const shorter = await damaged();
  await rewriteLog(shorter, (said, place) => (place === 82 ? undefined : said));
  const other = await damaged();
  await rewriteLog(other, (said, place) => (place === 82 ? { ...said, owner: (said.owner ^ 1) >>> 0 } : said));
  const headless = await damaged();
  await rewriteLog(headless, (said) => ({ ...said, content: { ...said.content, hardState: undefined } }));

  expect(await reasonOf(shorter)).toMatch(/the log has a hole after entry \d+/);
  expect(await reasonOf(other)).toMatch(/another node, or of another life/);
  expect(await reasonOf(headless)).toMatch(/segment-\d+ does not say how it begins/);
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
