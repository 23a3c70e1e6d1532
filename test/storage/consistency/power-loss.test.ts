import { constants, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { afterEach, describe, expect, test } from 'vitest';
import { type FrameContent, frameBytes } from '../../../storage/frame.ts';
import { headKey, rowsBegin, rowsEnd } from '../../../storage/keys.ts';
import { visit } from '../../repo/source.ts';
import { alter, LevelMachine, openBare, reasonOf } from '../level-machine.ts';
import { framesIn, rewriteLog, type Said } from '../log-files.ts';
import { asked, entriesAfter, genesis, lastOf, noWrite, start, write } from '../samples.ts';
import { Chronicler } from './chronicle.ts';
import { changed, imageOf } from './image.ts';
import { between, intervals, momentsOf, tornWrites } from './moments.ts';
import { never, verdictOn } from './verdict.ts';

const termOne = { term: 1, votedFor: 'a/1' };
const nothing: FrameContent = { segmentBytes: undefined, hardState: undefined, bounds: undefined, entries: [] };

const flipBitAt = (path: string, bit: number): Promise<void> =>
  alter(path, (bytes) => {
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    return undefined;
  });

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
  test.each([1, 4_096, 32_768 - 300, 70_000])(
    'of an entry of %i bytes goes, whichever of its sectors are missing, and all before it stays',
    async (bytes) => {
      const moments = await momentsOf(async (scribe, acknowledged) => {
        await scribe.write({ hardState: termOne, entries: entriesAfter(start, 3) });
        acknowledged();
        await scribe.write({ entries: entriesAfter(scribe.last, 1, { bytes }) });
        acknowledged();
      });
      const pair = intervals(moments)[1];
      if (pair === undefined) throw new Error('three moments are needed');

      const kinds = new Set<string>();
      for (const image of tornWrites(pair)) kinds.add((await verdictOn(image, between(pair))).kind);

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

test('a crash at any time while old files of the log go leaves leftovers that mean nothing (S100)', async () => {
  const moments = await momentsOf(async (scribe, acknowledged, machine) => {
    await scribe.write({ hardState: termOne });
    for (let round = 0; round < 60; round += 1) {
      await scribe.write({ entries: entriesAfter(scribe.last, 3, { bytes: 1_500 }) });
    }
    await scribe.checkpoint(scribe.at(160), {});
    acknowledged();
    await scribe.write({ base: scribe.at(150) });
    acknowledged();
    for (let round = 0; round < 5; round += 1) {
      await scribe.write({ entries: entriesAfter(scribe.last, 1) });
      acknowledged();
    }
    await expect.poll(async () => (await machine.segments()).length).toBeLessThan(3);
    acknowledged();
  });
  const { image: full } = moments[1] ?? { image: new Map<string, Buffer>() };
  const { image, chronicle } = moments.at(-1) ?? { image: full, chronicle: undefined };
  const [gone, ...kept] = [[...full], [...image]].map((one) => one.filter(([path]) => path.startsWith('log/')).length);
  if (chronicle === undefined) throw new Error('no moment');

  // They go one by one, oldest first; any number of them may still be there.
  const passed = [...full.keys()].filter((path) => path.startsWith('log/') && !image.has(path)).sort();
  for (let there = 0; there <= passed.length; there += 1) {
    const left = new Map(passed.slice(passed.length - there).map((path) => [path, full.get(path)] as const));
    const found = changed(image, left);
    expect(await verdictOn(found, { image: found, chronicle })).toEqual({ kind: 'whole' });
  }

  expect(passed.length).toBeGreaterThan(3);
  expect(gone).toBeGreaterThan(kept[0] ?? 0);
  for (const pair of intervals(moments).slice(2, -1)) {
    for (const torn of tornWrites(pair)) expect(await verdictOn(torn, between(pair))).toEqual({ kind: 'whole' });
  }
});

test('a gap in the files of the log is never taken for leftovers', async () => {
  const { machine, scribe } = await member();
  await scribe.write({ hardState: termOne });
  for (let round = 0; round < 60; round += 1) {
    await scribe.write({ entries: entriesAfter(scribe.last, 2, { bytes: 1_500 }) });
  }
  await machine.stop();
  const [, second = ''] = await machine.segments();
  await rm(second);

  expect(await reasonOf(machine)).toMatch(/lacks segment 2/);
});

test('every batch that the store writes to a table is synced, and nothing is written but in batches (S101)', () => {
  const found: string[] = [];
  const name = 'table-database.ts';
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

  expect(found).toEqual(['{ sync: true }']);
});

test('the log is open in such a way that a write is durable when it returns (S101)', async () => {
  const { machine, scribe } = await member();
  const flagsOf = (path: string): readonly number[] =>
    readdirSync('/proc/self/fd')
      .filter((fd) => linkOf(fd) === path)
      .map((fd) =>
        Number.parseInt(/flags:\s*(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '', 8),
      );
  await scribe.write({ hardState: termOne });
  const first = flagsOf(await machine.newestSegment());
  for (let round = 0; round < 20; round += 1) await scribe.write({ entries: entriesAfter(scribe.last, 1) });
  const second = flagsOf(await machine.newestSegment());
  await machine.stop();
  await machine.open();
  const reopened = flagsOf(await machine.newestSegment());

  for (const flags of [first, second, reopened]) {
    expect(flags).toHaveLength(1);
    expect((flags[0] ?? 0) & constants.O_DSYNC).toBe(constants.O_DSYNC);
  }
});

function linkOf(fd: string): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    // The descriptor of the listing itself is gone by now.
    return undefined;
  }
}

describe('a hard state (S105)', () => {
  /** A stopped member of term 2 that has voted, and what its last write becomes, with checksums that hold. */
  async function altered(change: (said: Said) => Said | undefined): Promise<LevelMachine> {
    const { machine, scribe } = await member();
    await scribe.write({ hardState: termOne, entries: entriesAfter(start, 3) });
    await scribe.write({ hardState: { term: 2, votedFor: 'b/1' } });
    await machine.stop();
    await rewriteLog(machine, (said, place) => (place === 2 ? change(said) : said));
    return machine;
  }

  const saying =
    (term: number, votedFor?: string) =>
    (said: Said): Said => ({ ...said, content: { ...said.content, hardState: { term, votedFor } } });

  test.each<[string, (said: Said) => Said | undefined, RegExp]>([
    ['that is gone', () => undefined, /is of term 1 but this node was in 2/],
    ['of another life', (said) => ({ ...said, owner: (said.owner ^ 1) >>> 0 }), /another node, or of another life/],
    ['of an older term', saying(1, 'a/1'), /is of term 1 but this node was in 2/],
    ['of the term, but without the vote', saying(2), /but this node was in 2, or had voted/],
    ['of the term, but with another vote', saying(2, 'c/1'), /but this node was in 2, or had voted/],
  ])('%s is quarantined, and never "no vote"', async (_name, change, reason) => {
    const machine = await altered(change);

    expect(await reasonOf(machine)).toMatch(reason);
  });

  test('with any bit changed is quarantined, and never another one', async () => {
    const { machine, scribe } = await member();
    await scribe.write({ hardState: termOne, entries: entriesAfter(start, 3) });
    await scribe.write({ hardState: { term: 2, votedFor: 'b/1' } });
    await machine.stop();
    const path = await machine.newestSegment();
    const whole = readFileSync(path);
    const { from, frame } = framesIn(whole).at(-1) ?? { from: 0, frame: undefined };
    const before = machine.dataDir;

    for (let bit = 0; bit < 8 * frameBytes(frame ?? nothing); bit += 5) {
      const copy = await machine.crashed();
      machines.push(copy);
      await flipBitAt(path.replace(before, copy.dataDir), from * 8 + bit);
      expect(await reasonOf(copy), `bit ${bit}`).toMatch(/is damaged at byte/);
    }
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
  await scribe.write({ hardState: termOne, entries: entriesAfter(start, 8) });
  await scribe.write({ truncateFrom: 4, entries: entriesAfter(scribe.at(3), 2, { bytes: 17 }) });
  const contrast = await machine.crashed();
  machines.push(contrast);
  await machine.stop();
  await rewriteLog(machine, (said, place) =>
    place === 2 ? { ...said, content: { ...said.content, entries: said.content.entries.slice(0, 1) } } : said,
  );

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
