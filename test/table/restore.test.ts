import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultTableLimits, MalformedRowError, type RowTuple, Table } from '../../src/table/index.ts';
import { furnished, furnishedFamily } from './furnished.ts';
import { rowsOf } from './world.ts';

const restore = (rows: Iterable<{ readonly key: string; readonly value: unknown }>): Table =>
  Table.restore(defaultTableLimits, rows);

/** The furnished rows with one of them changed. */
const changed = (prefix: string, change: (value: unknown[]) => unknown): { key: string; value: unknown }[] => {
  const rows = rowsOf(furnished().table);
  const at = rows.findIndex(({ key }) => key.startsWith(prefix));
  return rows.map((row, index) => (index === at ? { key: row.key, value: change([...(row.value ?? [])]) } : row));
};

const without = (pattern: RegExp): readonly RowTuple[] =>
  rowsOf(furnished().table).filter(({ key }) => !pattern.test(key));

const renamed = (pattern: RegExp, key: string): readonly RowTuple[] =>
  rowsOf(furnished().table).map((row) => (pattern.test(row.key) ? { ...row, key } : row));

describe('rows that no table wrote are refused', () => {
  it.each<[string, () => Iterable<{ readonly key: string; readonly value: unknown }>]>([
    ['no counters', () => without(/^m/)],
    ['out of order', () => [...rowsOf(furnished().table)].reverse()],
    ['a row twice', () => rowsOf(furnished().table).flatMap((row) => [row, row])],
    ['an unknown kind', () => [...rowsOf(furnished().table), { key: 'z', value: [] }]],
    ['another version', () => changed('m', (value) => value.with(0, 2))],
    ['a value that is no tuple', () => changed('m', () => 'rows')],
    ['a deleted row', () => changed('m', () => undefined)],
    ['a token above the counter', () => changed('m', (value) => value.with(3, 0))],
    ['an arrival above the counter', () => changed('m', (value) => value.with(4, 0))],
    ['a session above the counter', () => changed('m', (value) => value.with(5, 1))],
    ['a run that is no number', () => changed('n', (value) => value.with(1, '4'))],
    ['a retired incarnation that is none', () => changed('n', (value) => value.with(3, [1]))],
    ['a TTL of nothing', () => changed('s', (value) => value.with(1, 0))],
    ['a nonce that two sessions have', () => changed('s', (value) => value.with(0, '0'.repeat(31).concat('2')))],
    ['a hold of no session', () => changed('t', (value) => value.with(1, 7))],
    ['a hold without a name', () => changed('t', (value) => value.with(0, ''))],
    ['a hold in an unknown mode', () => changed('t', (value) => value.with(3, 'Q'))],
    ['a queue whose head may have the lock', () => without(/^t/)],
    ['a waiter without a request', () => without(/^x0{13}10{13}2/)],
    ['a request without its waiter', () => without(/^w0{13}2/)],
    ['a waiter of another request', () => changed('w', (value) => value.with(2, 9))],
    ['a request of no session', () => renamed(/^x0{13}20{13}7/, `x${'0'.repeat(13)}3${'0'.repeat(13)}7`)],
    ['an unknown answer', () => changed('x', (value) => value.with(1, [99]))],
    ['an answer with too much', () => changed('x', (value) => value.with(1, [2, 1, 1, 1]))],
    ['an unknown request', () => changed('x', (value) => value.with(0, [1]))],
    ['an answer below the mark', () => changed(`s${'0'.repeat(13)}2`, (value) => value.with(6, 6))],
    ['a short key', () => renamed(/^w0{13}2/, 'w2')],
    ['a key in capitals', () => renamed(/^w0{13}2/, `w0000000000000F`)],
    ['a key beyond the safe integers', () => renamed(/^w0{13}2/, `w${'f'.repeat(14)}`)],
  ])('%s', (_name, rows) => {
    expect(() => restore(rows())).toThrow(MalformedRowError);
  });

  it.each<[string, RegExp, (value: unknown[]) => unknown]>([
    ['a hold in a mode that its kind has not', /^t0+1$/, (value) => value.with(3, 'R')],
    ['a hold of another kind than its neighbours', /^t0+4$/, (value) => value.with(0, 'a')],
    ['a write beside a reader', /^t0+4$/, (value) => value.with(3, 'W')],
    ['two upgradeable reads', /^t0+4$/, (value) => value.with(3, 'U')],
    ['an owner without a name', /^t0+1$/, (value) => value.with(8, '')],
    ['no permits', /^t0+3$/, (value) => value.with(5, 0)],
    ['a row of nine values', /^t0+1$/, (value) => value.slice(0, 9)],
    ['a hold that waits for an upgrade', /^t0+4$/, (value) => value.with(7, 2)],
    ['an upgrade of no hold', /^w0+1$/, (value) => value.with(7, 9)],
    ['an upgrade of a reader', /^w0+1$/, (value) => value.with(7, 4)],
    ['an upgrade at another lock', /^w0+1$/, (value) => value.with(0, 'q')],
    ['a part in another order', /^w0+2$/, (value) => value.with(0, 'z')],
    ['a limit of 0', /^p/, (value) => value.with(0, 0)],
    ['a limit of two values', /^p/, (value) => [...value, 1]],
    ['a cycle of half a step', /^x0+10+6$/, (value) => value.with(1, [17, 'ann'])],
    ['a cycle of nobody', /^x0+10+6$/, (value) => value.with(1, [17])],
    ['an unknown kind in an answer', /^x0+30+3$/, (value) => value.with(1, [13, 'r', 'mutex'])],
  ])('%s', (_name, pattern, change) => {
    const rows = rowsOf(furnishedFamily().table);
    expect(rows.filter(({ key }) => pattern.test(key))).toHaveLength(1);

    const changed = rows.map((row) =>
      pattern.test(row.key) ? { ...row, value: change([...(row.value ?? [])]) } : row,
    );

    expect(() => restore(changed)).toThrow(MalformedRowError);
  });

  it('a request for several locks of which one is not waited for', () => {
    const rows = rowsOf(furnishedFamily().table).filter(({ key }) => !/^w0+3$/.test(key));

    expect(() => restore(rows)).toThrow(MalformedRowError);
  });

  it('two holds of one exclusive lock', () => {
    const rows = rowsOf(furnished().table).flatMap((row) =>
      row.key.startsWith('t') ? [row, { key: `t${'0'.repeat(13)}2`, value: row.value }] : [row],
    );

    expect(() =>
      restore(rows.map((row) => (row.key === 'm' ? { ...row, value: row.value?.with(3, 2) } : row))),
    ).toThrow(/excludes/);
  });

  it('whatever they are, with no other error', () => {
    const written = [...rowsOf(furnished().table), ...rowsOf(furnishedFamily().table)];
    const keys = fc.oneof(fc.constantFrom(...written.map(({ key }) => key)), fc.string());
    const cells = fc.oneof(fc.anything(), fc.array(fc.oneof(fc.nat(9), fc.string(), fc.array(fc.nat(11)))));
    fc.assert(
      fc.property(fc.array(fc.record({ key: keys, value: cells })), fc.nat(20), (rows, kept) => {
        const before = rowsOf((kept % 2 === 0 ? furnished() : furnishedFamily()).table).slice(0, kept);
        try {
          restore([...before, ...rows]);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedRowError);
        }
      }),
      { numRuns: 200 },
    );
  });
});
