import { beforeAll, describe, expect, test } from 'vitest';
import type { Chronicle, LogState } from './chronicle.ts';
import { damaged } from './damage.ts';
import type { Image } from './image.ts';
import { makeSpecimens, type Specimen } from './specimens.ts';
import { verdictOn } from './verdict.ts';

/** What is true of the directory; each test makes the store's promise another one. */
let specimen: Specimen;
beforeAll(async () => {
  const [one] = await makeSpecimens(['a single voter, stopped']);
  if (one === undefined) throw new Error('no specimen');
  specimen = one;
});

const whatOf = async (image: Image, chronicle: Chronicle): Promise<string> => {
  const verdict = await verdictOn(image, { image, chronicle });
  return verdict.kind === 'violation' ? verdict.what : verdict.kind;
};

/** The chronicle with its newest state of the log changed. */
function promising(change: (state: LogState) => Partial<LogState>): Chronicle {
  const { chronicle } = specimen;
  const newest = chronicle.logs.at(-1);
  if (newest === undefined) throw new Error('no state');
  return { ...chronicle, logs: [...chronicle.logs.slice(0, -1), { ...newest, ...change(newest) }] };
}

describe('the judge of damaged directories', () => {
  test('finds nothing wrong with one that is whole', async () => {
    expect(await whatOf(specimen.image, specimen.chronicle)).toBe('whole');
  });

  test('sees an empty node under an old identity', async () => {
    const blank = new Map([['identity.json', specimen.blankIdentity]]);

    expect(await whatOf(blank, specimen.chronicle)).toMatch(/an empty node/);
  });

  test('sees an entry that is missing, altered or of another term', async () => {
    const altered = promising(({ entries }) => ({
      entries: entries.map((entry) => ({ ...entry, payload: entry.payload.map((byte) => byte ^ 1) })),
    }));
    const longer = promising(({ entries }) => ({ entries: [...entries, ...entries.slice(-1)] }));
    const newer = promising(({ entries }) => ({ entries: entries.map((entry) => ({ ...entry, term: 2 })) }));

    for (const chronicle of [altered, longer, newer]) {
      expect(await whatOf(specimen.image, chronicle)).toMatch(/a log that never was/);
    }
  });

  test('sees a vote and a term that are older than promised', async () => {
    const { acknowledged } = specimen.chronicle;
    const voted = promising(() => ({ hardState: { term: 1, votedFor: 'b/1' } }));
    const next = {
      ...voted,
      logs: [...specimen.chronicle.logs, ...voted.logs.slice(-1)],
      acknowledged: acknowledged + 1,
    };

    expect(await whatOf(specimen.image, { ...next, floor: 0 })).toMatch(/a vote or term is gone/);
    expect(await whatOf(specimen.image, { ...next, floor: next.acknowledged })).toMatch(/the watermark vouches for/);
  });

  test('sees rows that were never in a checkpoint', async () => {
    const { chronicle } = specimen;
    const tables = chronicle.tables.map((table) => ({ ...table, rows: { ...table.rows, a: 'other' } }));

    expect(await whatOf(specimen.image, { ...chronicle, tables })).toMatch(/rows that never were/);
  });

  test('sees through an older copy of the whole, which no store can (S104)', async () => {
    const old = new Map(specimen.earlier);

    expect(await whatOf(old, specimen.chronicle)).toMatch(/the watermark vouches for/);
  });

  test('calls a refusal a refusal, with its reason', async () => {
    const image = damaged(specimen.image, { kind: 'drop', path: 'log' }, specimen);

    const verdict = await verdictOn(image, { image, chronicle: specimen.chronicle });

    expect(verdict).toMatchObject({ kind: 'refused', reason: expect.stringContaining('log is missing') });
  });
});
