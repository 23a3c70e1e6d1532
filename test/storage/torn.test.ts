import { readdir, readFile, rm, truncate } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Entry } from '../../raft/index.ts';
import type { Opened } from '../../storage/index.ts';
import { alter, endOf, flipBit, type LevelMachine, reasonOf, usedMachine } from './level-machine.ts';
import { framesIn } from './log-files.ts';
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

const entriesIn = (found: Opened): readonly number[] =>
  found.kind === 'member' ? found.restored.entries.map((entry) => entry.index) : [];

/** The last entry that stands in the log of `machine`. */
async function readLast(machine: LevelMachine): Promise<Entry | undefined> {
  const frames = framesIn(await readFile(await machine.newestSegment()));
  return frames.at(-1)?.frame.entries.at(-1);
}

describe('a log whose newest write a crash has torn', () => {
  const sector = 512;

  /** A copy with one write of ten sectors more than its watermark knows, which is what a crash leaves. */
  async function crashedAfterAWrite(): Promise<{ machine: LevelMachine; last: number; from: number; to: number }> {
    const living = await copyOf(original.machine);
    const { store } = await living.open();
    const from = endOf(await readFile(await living.newestSegment()));
    const more = entriesAfter(lastOf([...original.entries]), 1, { bytes: 4_800 });
    await write(store, { entries: more });
    return { machine: await copyOf(living), last: lastOf(more).index, from, to: from + 40 + 36 + 4_800 };
  }

  /** What is left of a write of which some sectors never reached the disk. */
  const left = (bytes: Buffer, from: number, isMissing: (sector: number) => boolean): Buffer => {
    for (let place = 0; from + place * sector < bytes.length; place += 1) {
      if (isMissing(place)) bytes.fill(0, from + place * sector, from + (place + 1) * sector);
    }
    return bytes;
  };

  test('goes on without it, whatever is left of it, and keeps what comes after (S95)', async () => {
    const { machine, last, from } = await crashedAfterAWrite();
    const patterns: ((place: number) => boolean)[] = [
      () => true,
      (place) => place % 2 === 0,
      (place) => place % 2 === 1,
      ...Array.from({ length: 10 }, (_, one) => (place: number) => place === one),
      ...Array.from({ length: 10 }, (_, one) => (place: number) => place !== one),
      ...Array.from({ length: 9 }, (_, one) => (place: number) => place > one),
    ];
    for (const isMissing of patterns) {
      const torn = await copyOf(machine);
      await alter(await torn.newestSegment(), (bytes) => left(bytes, from, isMissing));

      const { found, store } = await torn.open();

      expect(entriesIn(found).at(-1)).toBe(last - 1);
      // Shorter than what was torn: none of its remains may stand behind it.
      const next = entriesAfter(lastOf([...original.entries]), 1, { bytes: 10 });
      await write(store, { entries: next });
      await torn.stop();
      expect(entriesIn((await torn.open()).found).at(-1)).toBe(last);
      expect(await readdir(torn.path('quarantine')).catch(() => [])).toEqual([]);
      await torn.stop();
    }
  });

  test('goes on without it where it would have been the first of the next file', async () => {
    const { machine } = await crashedAfterAWrite();
    const { store } = await machine.open();
    const before = (await machine.segments()).length;
    let last = (await readLast(machine)) ?? lastOf([...original.entries]);
    while ((await machine.segments()).length === before) {
      const more = entriesAfter(last, 1, { bytes: 4_800 });
      await write(store, { entries: more });
      last = lastOf(more);
    }
    const living = await copyOf(machine);
    for (const isMissing of [() => true, (place: number) => place === 0, (place: number) => place > 0]) {
      const torn = await copyOf(living);
      // At the moment of that write the next file was only a name.
      const newest = await torn.newestSegment();
      const further = newest.replace(/\d+$/, (number) => String(Number(number) + 1).padStart(8, '0'));
      await truncate(further, 0);
      await rm(
        further.replace(/\d+$/, (number) => String(Number(number) + 1).padStart(8, '0')),
        { force: true },
      );
      await alter(newest, (bytes) => left(bytes, 0, isMissing));

      const { found } = await torn.open();

      expect(entriesIn(found).at(-1)).toBe(last.index - 1);
    }
  });

  test('is quarantined if nothing of it is missing: a bit was changed, and it may have been acknowledged (S96)', async () => {
    const { machine, from, to } = await crashedAfterAWrite();
    for (const at of [from, from + 30, from + 100, (from + to) >> 1, to - 1, to + 10]) {
      const rotten = await copyOf(machine);
      await flipBit(await rotten.newestSegment(), at);

      expect(await reasonOf(rotten)).toMatch(/segment-\d+ is damaged at byte \d+/);
    }
  });

  test('is quarantined if a later file holds a write: what was torn had been whole', async () => {
    const { machine, from } = await crashedAfterAWrite();
    const { store } = await machine.open();
    const torn = await machine.newestSegment();
    let last = (await readLast(machine)) ?? lastOf([...original.entries]);
    while ((await machine.newestSegment()) === torn) {
      const more = entriesAfter(last, 1, { bytes: 4_800 });
      await write(store, { entries: more });
      last = lastOf(more);
    }
    await machine.stop();
    await alter(torn, (bytes) => left(bytes, from, (place) => place > 3));

    expect(await reasonOf(machine)).toMatch(/segment-?\s?\d+ is damaged at byte \d+/);
  });

  test('is left as it is where the watermark knows that it was acknowledged', async () => {
    const machine = await copyOf(original.machine);
    const path = await machine.newestSegment();
    await alter(path, (bytes) => bytes.fill(0, endOf(bytes) - 4_096, endOf(bytes) - 4_096 + sector));
    const before = await readFile(path);

    expect(await reasonOf(machine)).toMatch(/ends at 119 but had reached 120/);

    expect((await readFile(path)).equals(before)).toBe(true);
  });
});
