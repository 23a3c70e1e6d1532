import { createHash } from 'node:crypto';
import { readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { StorageError } from '../../storage/index.ts';
import { checkTableFile } from '../../storage/table-file.ts';
import { blocksIn } from './consistency/byte-classes.ts';
import { flipBit, type LevelMachine, openBare, opensBare, reasonOf, usedMachine } from './level-machine.ts';

/** A member that was used and stopped in good order; each test damages a copy. */
let original: LevelMachine;
/** The same, with log and table in table files instead of a write-ahead log. */
let packed: LevelMachine;
const copies: LevelMachine[] = [];

beforeAll(async () => {
  original = (await usedMachine()).machine;
  packed = await pack();
});
afterEach(async () => {
  for (const copy of copies.splice(0)) await copy.remove();
});
afterAll(async () => {
  await original.remove();
  await packed.remove();
});

async function copyOf(machine: LevelMachine): Promise<LevelMachine> {
  const copy = await machine.crashed();
  copies.push(copy);
  return copy;
}

const damaged = (): Promise<LevelMachine> => copyOf(original);
/** A table of which LevelDB can pack some blocks; where it gains less than an eighth, it leaves them as they are. */
async function halfPacked(): Promise<LevelMachine> {
  const machine = await damaged();
  const level = await openBare(machine.path('table-1'));
  for (let row = 0; row < 4; row += 1) {
    const noise = Array.from({ length: 128 }, (_, part) => createHash('sha256').update(`${row}/${part}`).digest());
    await level.put(Buffer.from(`0row-noise-${row}`), Buffer.concat(noise));
    await level.put(Buffer.from(`0row-zeros-${row}`), Buffer.alloc(4_096));
  }
  await level.close();
  await (await openBare(machine.path('table-1'))).close();
  return machine;
}

const compacted = (): Promise<LevelMachine> => copyOf(packed);

async function pack(): Promise<LevelMachine> {
  const machine = await original.crashed();
  for (const name of ['log', 'table-1']) {
    // LevelDB turns its write-ahead log into table files at each open.
    await (await openBare(machine.path(name))).close();
  }
  return machine;
}

function complaintAbout(file: Buffer): string | undefined {
  try {
    checkTableFile(file, 'a table file');
    return undefined;
  } catch (error) {
    if (error instanceof StorageError && error.code === 'CORRUPT_STORAGE') return error.message;
    throw error;
  }
}

describe('damaged table files (S71)', () => {
  test('are quarantined if a file is missing or has another size', async () => {
    for (const directory of ['log', 'table-1']) {
      const missing = await compacted();
      await rm(await missing.newest(directory, '.ldb'));
      const short = await compacted();
      await truncate(await short.newest(directory, '.ldb'), 1_000);

      expect(await reasonOf(missing)).toMatch(/table file \d+ is missing/);
      expect(await reasonOf(short)).toMatch(/has 1000 bytes instead of/);
    }
  });

  test('show every flipped bit of theirs', async () => {
    const path = await (await compacted()).newest('table-1', '.ldb');
    const file = await readFile(path);
    const unseen: number[] = [];

    for (let bit = 0; bit < file.length * 8; bit += 1) {
      const offset = bit >> 3;
      file[offset] = (file[offset] ?? 0) ^ (1 << (bit & 7));
      if (complaintAbout(file) === undefined) unseen.push(offset - file.length);
      file[offset] = (file[offset] ?? 0) ^ (1 << (bit & 7));
    }

    expect(complaintAbout(file)).toBeUndefined();
    expect(unseen).toEqual([]);
  });

  test('are quarantined for a flipped bit, wherever it is, before LevelDB sees them (S98)', async () => {
    for (const directory of ['log', 'table-1']) {
      const { length } = await readFile(await packed.newest(directory, '.ldb'));
      const spread = Array.from({ length: 10 }, (_, part) => Math.floor((part * length) / 10));
      // Of the footer: the handles, the padding, the magic number.
      for (const offset of [...spread, length - 48, length - 45, length - 20, length - 1]) {
        const machine = await compacted();
        await flipBit(await machine.newest(directory, '.ldb'), offset);

        expect(await reasonOf(machine)).toMatch(/\.ldb (is damaged|has|refers)|the footer of .*\.ldb with/);
      }
    }
  });

  test('are never taken for a failing disk if they rot later, under LevelDB, in any bit of their last bytes', async () => {
    const outcomes = new Set<string>();
    const machine = await compacted();
    const path = await machine.newest('table-1', '.ldb');
    const whole = await readFile(path);
    // The footer: 48 bytes, among them where the index stands; before it, the index itself.
    for (let bit = 0; bit < 8 * 80; bit += 3) {
      const bytes = Buffer.from(whole);
      const offset = whole.length - 80 + (bit >> 3);
      bytes[offset] = (bytes[offset] ?? 0) ^ (1 << (bit & 7));
      await writeFile(path, bytes);
      outcomes.add(await opensBare(machine.path('table-1')));
    }

    expect([...outcomes]).not.toContain('BACKEND');
    // The contrast to the check before: LevelDB may find nothing at all, and say nothing.
    expect([...outcomes]).toEqual(expect.arrayContaining(['0 rows', 'CORRUPT_STORAGE']));
  });

  test('show a flipped bit in every block of theirs, packed or not (S98)', async () => {
    const path = await (await halfPacked()).newest('table-1', '.ldb');
    const file = await readFile(path);
    const unseen: number[] = [];

    const blocks = blocksIn(file).filter(({ name }) => name === 'rows');
    for (const { from, to } of blocks) {
      for (const offset of [from, from + 1, (from + to) >> 1, to - 1, to, to + 4]) {
        file[offset] = (file[offset] ?? 0) ^ 8;
        if (complaintAbout(file) === undefined) unseen.push(offset);
        file[offset] = (file[offset] ?? 0) ^ 8;
      }
    }

    expect(new Set(blocks.map(({ to }) => file[to]))).toEqual(new Set([0, 1]));
    expect(unseen).toEqual([]);
  });

  test('and a row that vanished without a trace are quarantined', async () => {
    const machine = await damaged();
    const level = await openBare(machine.path('table-1'));
    await level.del(Buffer.from('0row-7'));
    await level.close();

    expect(await reasonOf(machine)).toMatch(/holds 49 rows that are not the 50/);
  });
});
