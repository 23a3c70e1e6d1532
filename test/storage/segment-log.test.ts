import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import type { LogWrite } from '../../raft/index.ts';
import { chainOf } from '../../storage/index.ts';
import { findLog, type LogPlace, SegmentLog } from '../../storage/segment-log.ts';
import { genesisState, type LogState, stateAfter } from './consistency/chronicle.ts';
import { framesIn } from './log-files.ts';
import { entriesAfter, headAt, lastOf, noWrite, positionOf, start } from './samples.ts';

const folders: string[] = [];
const logs: SegmentLog[] = [];
afterEach(async () => {
  for (const log of logs.splice(0)) await log.close();
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

/** Two pages: hardly a write is not the last of its segment. */
async function place(segmentBytes = 8_192): Promise<LogPlace> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-segments-'));
  folders.push(folder);
  return { path: join(folder, 'log'), owner: 7, segmentBytes };
}

async function create(where: LogPlace): Promise<SegmentLog> {
  const log = await SegmentLog.create(where, 1);
  logs.push(log);
  return log;
}

async function reopen(where: LogPlace): Promise<{ log: SegmentLog; state: LogState }> {
  for (const log of logs.splice(0)) await log.close();
  const { found, entries } = await findLog(where, chainOf, () => undefined);
  const log = await SegmentLog.open(where, found);
  logs.push(log);
  const { base, table } = log.bounds;
  return { log, state: { hardState: log.hardState, base: positionOf(base), entries, table } };
}

/** As the store does it, without what concerns the watermark. */
async function put(log: SegmentLog, changes: Partial<LogWrite>, table = log.bounds.table): Promise<void> {
  const write = { ...noWrite, ...changes };
  const plan = log.plan(write, Number.MAX_SAFE_INTEGER);
  const last = plan.last ?? (await log.positionAt(plan.lastIndex));
  await new Promise<void>((resolve, reject) => {
    log.write({ write, plan, last, table }, (error) => (error === null ? resolve() : reject(error)));
  });
}

const namesIn = async ({ path }: LogPlace): Promise<readonly string[]> => (await readdir(path)).sort();

/** What the next write does, by the numbers drawn: where it is impossible, it does less. */
function changesOf(state: LogState, draw: { kind: number; at: number; count: number; bytes: number }) {
  const last = state.entries.at(-1) ?? state.base;
  const term = Math.max(1, state.hardState.term);
  const more = { term, bytes: draw.bytes };
  const nth = state.entries[draw.at % Math.max(1, state.entries.length)];
  const voted = { term: term + 1, votedFor: draw.at % 2 === 0 ? 'n2' : undefined };
  switch (draw.kind) {
    case 0:
      return nth === undefined ? {} : { base: positionOf(nth) };
    case 1:
      return { hardState: voted, ...(nth && { truncateFrom: nth.index }) };
    case 2: {
      if (nth === undefined) return { hardState: voted };
      const before = state.entries[nth.index - state.base.index - 2] ?? state.base;
      const entries = entriesAfter(before, draw.count, { term: term + 1, bytes: draw.bytes });
      return { hardState: voted, truncateFrom: nth.index, entries };
    }
    case 3: {
      const position = { index: last.index + draw.at, term: Math.max(1, last.term), chain: draw.at };
      const install = { snapshot: headAt(draw.at === 0 ? last : position), keepsSuffix: false };
      return { hardState: { term, votedFor: 'n1' }, install };
    }
    case 4:
      return nth === undefined ? {} : { install: { snapshot: headAt(nth), keepsSuffix: true } };
    default:
      return {
        ...(term > state.hardState.term && { hardState: { term, votedFor: 'n1' } }),
        entries: entriesAfter(last, draw.count, more),
      };
  }
}

describe('a log in segments', () => {
  test('says after every restart what its writes made of it, whatever they were', { timeout: 60_000 }, async () => {
    const draws = fc.array(
      fc.record({
        kind: fc.nat({ max: 12 }),
        at: fc.nat({ max: 9 }),
        count: fc.integer({ min: 1, max: 4 }),
        bytes: fc.constantFrom(0, 20, 600, 3_000, 9_000),
        restarts: fc.nat({ max: 9 }),
      }),
      { minLength: 5, maxLength: 40 },
    );
    await fc.assert(
      fc.asyncProperty(draws, async (steps) => {
        const where = await place();
        let log = await create(where);
        let state = genesisState;
        for (const { restarts, ...draw } of steps) {
          const changes: Partial<LogWrite> = changesOf(state, draw);
          const table = changes.install === undefined ? state.table : state.table + 1;
          await put(log, changes, table);
          state = stateAfter(state, changes, table);
          if (restarts > 0) continue;
          const found = await reopen(where);
          expect(found.state).toEqual(state);
          ({ log } = found);
        }
        expect((await reopen(where)).state).toEqual(state);
      }),
      { numRuns: 40, seed: 24 },
    );
  });

  test('is ready for the next one: the file after the one in use is full of zeros, the one after that a name', async () => {
    const where = await place();
    await create(where);

    await expect.poll(() => namesIn(where)).toHaveLength(3);

    const sizes = await Promise.all(
      (await namesIn(where)).map(async (name) => (await stat(join(where.path, name))).size),
    );
    expect(sizes).toEqual([8_192, 8_192, 0]);
  });

  test('has a longer file for a write that is longer than one, and says so in it', async () => {
    const where = await place();
    const log = await create(where);
    const entries = entriesAfter(start, 3, { bytes: 20_000 });

    await put(log, { hardState: { term: 1, votedFor: undefined }, entries });

    const file = await readFile(join(where.path, 'segment-00000002'));
    expect(file.length).toBe(61_440);
    expect(framesIn(file)[0]?.frame.segmentBytes).toBe(61_440);
    expect((await reopen(where)).state.entries).toEqual(entries);
  });

  test('begins each file with all that must be known without the older ones', async () => {
    const where = await place();
    const log = await create(where);
    const entries = entriesAfter(start, 6);
    await put(log, { hardState: { term: 1, votedFor: 'n1' }, entries: entries.slice(0, 3) });
    await put(log, { entries: entries.slice(3) });

    const [opening] = framesIn(await readFile(join(where.path, 'segment-00000002')));

    expect(opening?.frame).toMatchObject({
      hardState: { term: 1, votedFor: 'n1' },
      bounds: { base: start, last: positionOf(lastOf(entries)), table: 1, keptTo: 3 },
    });
  });

  test('never lets a file go that holds an entry after the base', async () => {
    const where = await place();
    const log = await create(where);
    const entries = entriesAfter(start, 8, { bytes: 3_000 });
    await put(log, { hardState: { term: 1, votedFor: undefined } });
    for (const entry of entries) await put(log, { entries: [entry] });
    const [oldest] = await namesIn(where);

    await put(log, { base: positionOf(entries[3] ?? start) });

    await expect.poll(() => namesIn(where)).not.toContain(oldest);
    expect((await reopen(where)).state).toMatchObject({ base: { index: 4 }, entries: entries.slice(4) });
  });

  test('that was closed while its next file was in the making goes on with it', async () => {
    const where = await place(4 * 1024 * 1024);
    await create(where);
    const { log } = await reopen(where);

    const entries = entriesAfter(start, 80, { bytes: 100_000 });
    await put(log, { hardState: { term: 1, votedFor: undefined }, entries: entries.slice(0, 50) });
    for (const entry of entries.slice(50)) await put(log, { entries: [entry] });

    const { state } = await reopen(where);
    expect(state.entries.map(({ chain }) => chain)).toEqual(entries.map(({ chain }) => chain));
    expect((await namesIn(where)).length).toBeGreaterThan(3);
  });

  test('says when an old file cannot be removed, since no error of a disk is passed over', async () => {
    const where = await place();
    const log = await create(where);
    const errors: unknown[] = [];
    log.reportTo((error) => errors.push(error));
    const entries = entriesAfter(start, 6, { bytes: 3_000 });
    await put(log, { hardState: { term: 1, votedFor: undefined }, entries: entries.slice(0, 1) });
    for (const entry of entries.slice(1)) await put(log, { entries: [entry] });
    const oldest = join(where.path, 'segment-00000001');
    await rm(oldest);
    await mkdir(oldest);

    await put(log, { base: positionOf(lastOf(entries)) });

    await expect.poll(() => errors).toHaveLength(1);
    logs.pop();
    await expect(log.close()).rejects.toBe(errors[0]);
  });
});
