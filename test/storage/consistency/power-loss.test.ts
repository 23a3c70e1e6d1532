import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { afterEach, describe, expect, test } from 'vitest';
import { entryKey, hardStateKey, headKey, rowsBegin, rowsEnd } from '../../../storage/keys.ts';
import { encodeHardState, ownerOf, seal } from '../../../storage/record.ts';
import { visit } from '../../repo/source.ts';
import { LevelMachine, openBare, reasonOf } from '../level-machine.ts';
import { asked, entriesAfter, genesis, lastOf, noWrite, start, write } from '../samples.ts';
import { Chronicler } from './chronicle.ts';
import { changed, type Image, imageOf, unfold } from './image.ts';
import { between, intervals, mixed, momentsOf, touched } from './moments.ts';
import { never, verdictOn } from './verdict.ts';

const termOne = { term: 1, votedFor: 'a/1' };

const machines: LevelMachine[] = [];
afterEach(async () => {
  for (const machine of machines.splice(0)) await machine.remove();
});

async function member(): Promise<{ readonly machine: LevelMachine; readonly scribe: Chronicler }> {
  const machine = await LevelMachine.make({ after: never });
  machines.push(machine);
  const { store } = await machine.open();
  await asked((done) => store.form(genesis, done));
  return { machine, scribe: new Chronicler(store) };
}

describe('a last write torn by a power cut (S95)', () => {
  /** Every length near the ends, near each page and each block, and near where LevelDB puts its headers. */
  const cutsOf = (from: number, to: number): readonly number[] =>
    Array.from({ length: to - from }, (_, at) => from + at).filter(
      (at) => at - from < 12 || to - at <= 12 || at % 4_096 < 2 || at % 32_768 > 32_765 || at % 32_768 < 9,
    );

  test.each([1, 4_096, 32_768 - 300, 70_000])(
    'of an entry of %i bytes goes, whatever is left of it, and all before it stays',
    async (bytes) => {
      const moments = await momentsOf(async (scribe, acknowledged) => {
        await scribe.write({ hardState: termOne, entries: entriesAfter(start, 3) });
        acknowledged();
        await scribe.write({ entries: entriesAfter(scribe.last, 1, { bytes }) });
        acknowledged();
      });
      const pair = intervals(moments)[1];
      if (pair === undefined) throw new Error('three moments are needed');
      const path = 'log/000003.log';
      const [whole, from] = [pair[1].image.get(path), pair[0].image.get(path)?.length ?? 0];

      const kinds = new Set<string>();
      for (const at of cutsOf(from, whole?.length ?? 0)) {
        const image = changed(mixed(pair, []), new Map([[path, whole?.subarray(0, at)]]));
        kinds.add((await verdictOn(image, between(pair))).kind);
      }

      expect(touched(pair)).toEqual([path]);
      expect(kinds).toEqual(new Set(['whole']));
    },
  );
});

test('a thousand writes handed over at once are refused but for the first, and a thousand in turn stay in order (S99)', async () => {
  const { machine, scribe } = await member();
  const { store } = scribe;
  const entries = entriesAfter(start, 1_000);
  const order: number[] = [];

  const first = write(store, { hardState: termOne, entries: entries.slice(0, 1) }).then(() => order.push(1));
  const refused = entries.slice(1).filter((entry) => {
    try {
      store.write({ ...noWrite, entries: [entry] }, () => order.push(-1));
      return false;
    } catch {
      return true;
    }
  });
  await first;
  await new Promise<void>((resolve, reject) => {
    const next = (place: number): void => {
      const entry = entries[place];
      if (entry === undefined) resolve();
      else
        store.write({ ...noWrite, entries: [entry] }, (outcome) => {
          order.push(entry.index);
          if (outcome.ok) next(place + 1);
          else reject(outcome.error);
        });
    };
    next(1);
  });

  expect(refused).toHaveLength(999);
  expect(order).toEqual(entries.map(({ index }) => index));
  const copy = await machine.crashed();
  machines.push(copy);
  const { found } = await copy.open();
  expect(found.kind === 'member' && found.restored.entries).toEqual(entries);
});

test('a crash at any time while old entries are deleted leaves leftovers that mean nothing (S100)', async () => {
  const moments = await momentsOf(async (scribe, acknowledged) => {
    await scribe.write({ hardState: termOne, entries: entriesAfter(start, 300) });
    await scribe.checkpoint(scribe.at(290), {});
    await scribe.write({ base: scribe.at(280) });
    acknowledged();
    for (let round = 0; round < 5; round += 1) {
      await scribe.write({ entries: entriesAfter(scribe.last, 1) });
      acknowledged();
    }
  });

  const leftovers = await Promise.all(moments.slice(1).map(({ image }) => keysUpTo(280, image)));
  for (const pair of intervals(moments).slice(1)) {
    const [path = ''] = touched(pair);
    const [from, whole] = [pair[0].image.get(path)?.length ?? 0, pair[1].image.get(path) ?? Buffer.alloc(0)];
    for (const at of [from, from + 20, (from + whole.length) >> 1, whole.length - 1, whole.length]) {
      const image = changed(pair[0].image, new Map([[path, whole.subarray(0, at)]]));
      expect(await verdictOn(image, between(pair))).toEqual({ kind: 'whole' });
    }
  }

  // Fewer each time, and none at last.
  expect(leftovers[0]).toBeGreaterThan(leftovers[1] ?? 0);
  expect(leftovers[1]).toBeGreaterThan(0);
  expect(leftovers.at(-1)).toBe(0);
});

/** How many entries up to `index` the log of `image` still stores. */
async function keysUpTo(index: number, image: Image): Promise<number> {
  const machine = await LevelMachine.make();
  machines.push(machine);
  unfold(image, machine.dataDir);
  const level = await openBare(machine.path('log'));
  const keys = await level.keys({ gte: entryKey(0), lte: entryKey(index) }).all();
  await level.close();
  return keys.length;
}

test('every batch that the store writes is synced, and nothing is written but in batches (S101)', () => {
  const found: string[] = [];
  for (const name of ['log-database.ts', 'table-database.ts']) {
    const path = fileURLToPath(new URL(`../../../storage/${name}`, import.meta.url));
    const tree = ts.createSourceFile(name, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
    visit(tree, (node) => {
      if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return;
      const { expression, name: called } = node.expression;
      const target = expression.getText(tree);
      if (called.text === 'write' && target === 'batch')
        found.push(node.arguments.map((one) => one.getText(tree)).join());
      if (['put', 'del', 'clear'].includes(called.text) && target !== 'batch') found.push(`${target}.${called.text}`);
    });
  }

  expect(found).toEqual(['{ sync: true }', '{ sync: true }', '{ sync: true }']);
});

describe('a hard state (S105)', () => {
  /** A stopped member of term 2 that has voted, and what its record of that becomes. */
  async function altered(change: (record: Buffer, owner: number) => Buffer | undefined): Promise<LevelMachine> {
    const { machine, scribe } = await member();
    await scribe.write({ hardState: termOne, entries: entriesAfter(start, 3) });
    await scribe.write({ hardState: { term: 2, votedFor: 'b/1' } });
    await machine.stop();
    const { clusterId, incarnation } = JSON.parse(readFileSync(machine.path('identity.json'), 'utf8'));
    const level = await openBare(machine.path('log'));
    const record = await level.get(hardStateKey);
    if (record === undefined) throw new Error('no hard state');
    const next = change(record, ownerOf(clusterId, incarnation));
    if (next === undefined) await level.del(hardStateKey);
    else await level.put(hardStateKey, next);
    await level.close();
    return machine;
  }

  const resealed = (term: number, votedFor?: string) => (_: Buffer, owner: number) =>
    seal(hardStateKey, owner, encodeHardState({ term, votedFor }));

  test.each<[string, (record: Buffer, owner: number) => Buffer | undefined, RegExp]>([
    [
      'with any bit changed',
      (record) => Buffer.from(record).fill(0xff, record.length - 1),
      /"hard state" fails its checksum/,
    ],
    ['that is cut', (record) => record.subarray(0, 5), /"hard state" is cut short/],
    ['that is gone', () => undefined, /lacks the record "hard state"/],
    [
      'of another life',
      (record, owner) => seal(hardStateKey, (owner ^ 1) >>> 0, record.subarray(9)),
      /or is another node's/,
    ],
    ['of an older term', resealed(1, 'a/1'), /is of term 1 but this node was in 2/],
    ['of the term, but without the vote', resealed(2), /but this node was in 2, or had voted/],
    ['of the term, but with another vote', resealed(2, 'c/1'), /but this node was in 2, or had voted/],
  ])('%s is quarantined, and never "no vote"', async (_name, change, reason) => {
    const machine = await altered(change);

    expect(await reasonOf(machine)).toMatch(reason);
  });
});

test('an older log that is as long as the acknowledged one is found out by the chain (S104)', async () => {
  const { machine, scribe } = await member();
  await scribe.write({ hardState: termOne, entries: entriesAfter(start, 10) });
  const before = imageOf(machine.dataDir);
  await scribe.write({ truncateFrom: 5, entries: entriesAfter(scribe.at(4), 6, { bytes: 17 }) });
  await machine.stop();
  scribe.stopped();
  const image = imageOf(machine.dataDir);
  const older = new Map([...before].filter(([path]) => path.startsWith('log/')));

  const verdict = await verdictOn(changed(image, older), { image, chronicle: scribe.sofar });

  expect(verdict).toMatchObject({ kind: 'refused', reason: expect.stringContaining('entry 10 is not the one') });
});

test('a log without its last entry, in whose bounds that entry stands, is quarantined (S97)', async () => {
  const { machine, scribe } = await member();
  await scribe.write({ hardState: termOne, entries: entriesAfter(start, 5) });
  const contrast = await machine.crashed();
  machines.push(contrast);
  await machine.stop();
  const level = await openBare(machine.path('log'));
  await level.del(entryKey(5));
  await level.close();

  expect(await reasonOf(contrast)).toBe('opened as member');
  expect(await reasonOf(machine)).toMatch(/the log ends at 4 instead of 5/);
});

describe('a table at rest (S71)', () => {
  async function altered(
    change: (level: Awaited<ReturnType<typeof openBare>>) => Promise<void>,
  ): Promise<LevelMachine> {
    const { machine, scribe } = await member();
    await scribe.write({ hardState: termOne, entries: entriesAfter(start, 5) });
    await scribe.checkpoint(scribe.at(2), { a: '1', b: '2' });
    await scribe.checkpoint(scribe.at(4), { c: '3' });
    await machine.stop();
    const level = await openBare(machine.path('table-1'));
    await change(level);
    await level.close();
    return machine;
  }

  test('that lost all its rows, or its head, or has a row twice is quarantined, and never taken for empty', async () => {
    const emptied = await altered((level) => level.clear({ gte: rowsBegin, lt: rowsEnd }));
    const headless = await altered((level) => level.del(headKey));
    const doubled = await altered(async (level) => {
      const [[, record] = []] = await level.iterator({ gte: rowsBegin, lt: rowsEnd }).all();
      if (record !== undefined) await level.put(Buffer.from('0z'), record);
    });
    const bare = await altered((level) => level.clear());

    expect(await reasonOf(emptied)).toMatch(/holds 0 rows that are not the 3 it should hold/);
    expect(await reasonOf(headless)).toMatch(/has no head/);
    expect(await reasonOf(doubled)).toMatch(/record of row 7a fails its checksum/);
    expect(await reasonOf(bare)).toMatch(/has no head/);
  });

  test('whose place another, empty one took is quarantined as soon as the log begins after it', async () => {
    const { machine, scribe } = await member();
    await scribe.write({ hardState: termOne, entries: entriesAfter(start, 5) });
    const before = imageOf(machine.dataDir);
    await scribe.checkpoint(scribe.at(4), { c: '3' });
    await scribe.write({ base: scribe.at(3), entries: entriesAfter(lastOf(scribe.log.entries), 1) });
    await machine.stop();
    scribe.stopped();
    const image = imageOf(machine.dataDir);
    const empty = new Map([...before].filter(([path]) => path.startsWith('table-1/')));

    const verdict = await verdictOn(changed(image, empty), { image, chronicle: scribe.sofar });

    expect(verdict).toMatchObject({
      kind: 'refused',
      reason: expect.stringMatching(/the table ends at 0, the log begins at 3/),
    });
  });
});
