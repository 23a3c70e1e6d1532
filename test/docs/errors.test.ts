import { describe, expect, it } from 'vitest';
import * as holdfast from '../../src/index.ts';
import { document, rowsOf, textAt } from './markdown.ts';

const unticked = (cell: string | undefined): string => (cell ?? '').replaceAll('`', '');

/** What the package exports: each class of error with its code. */
const exported = Object.entries(holdfast).flatMap(([name, value]) => {
  const isClass = typeof value === 'function' && value.prototype instanceof holdfast.LockError;
  if (!isClass) return [];
  const error: unknown = Reflect.construct(value, ['text', { reason: 'session', firstIndex: 1 }]);
  if (!(error instanceof holdfast.LockError)) throw new Error(`${name} is no LockError`);
  return [{ code: error.code, name, retryable: error.retryable ? 'yes' : 'no' }];
});

const rows = rowsOf(document('docs/errors.md'));

const told = rows
  .filter(([code]) => /^`[A-Z_]+`$/.test(code ?? ''))
  .map(([code, name, , retryable]) => ({ code: unticked(code), name: unticked(name), retryable }));

const outcomes = ['applied', 'not-applied', 'unknown'];

const byCode = (a: { readonly code: string }, b: { readonly code: string }): number => (a.code < b.code ? -1 : 1);

describe('the table of errors', () => {
  it('has a row for every code of the package, and no other', () => {
    expect(exported.length).toBeGreaterThan(10);
    expect([...told].sort(byCode)).toEqual([...exported].sort(byCode));
  });

  it('says of each code which outcomes it may have', () => {
    const cells = rows.filter(([code]) => /^`[A-Z_]+`$/.test(code ?? '')).map((row) => row[2] ?? '');

    for (const cell of cells) {
      const words = [...cell.matchAll(/`([a-z-]+)`/g)].map((match) => match[1] ?? '');
      expect(cell === 'all three' || (words.length > 0 && words.every((word) => outcomes.includes(word))), cell).toBe(
        true,
      );
    }
  });

  it('knows every code that the command line ends with', () => {
    const { text } = document('docs/errors.md');
    const codes = [...textAt('src/cli/exit-codes.ts').matchAll(/^ {2}\w+: (\d+),$/gm)].map((match) => match[1] ?? '');

    expect(codes.length).toBeGreaterThan(5);
    for (const code of codes) expect(text).toMatch(new RegExp(`^\\| [^|]*\\b${code}\\b`, 'm'));
  });
});
