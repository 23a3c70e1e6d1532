import type { Query, QueryOutcome } from '../node/index.ts';

/** A question about many locks. */
export type ListQuery = Query & { readonly kind: 'list' };

type Done = (outcome: QueryOutcome) => void;

/** Rows of one page: so few that heartbeats and answers need not wait behind them. */
export const pageRowsMax = 1_000;

/**
 * Asks for a long list page by page. Each page is as current as was asked for; `appliedIndex` is the lowest of theirs.
 * The first page that fails ends it.
 */
export function askInPages(query: ListQuery, ask: (page: ListQuery, done: Done) => void, done: Done): void {
  const rows: unknown[] = [];
  let appliedIndex = Number.POSITIVE_INFINITY;
  const askAfter = (after: string | undefined): void => {
    const limit = Math.min(pageRowsMax, query.limit - rows.length);
    ask({ ...query, after, limit }, (outcome) => {
      // What is no list is for the reader above to complain of.
      if (!outcome.ok || !isList(outcome.value)) return done(outcome);
      const page = outcome.value;
      rows.push(...page);
      appliedIndex = Math.min(appliedIndex, outcome.appliedIndex);
      const last = nameOf(page.at(-1));
      const isComplete = page.length < limit || rows.length >= query.limit || last === undefined;
      if (isComplete) done({ ok: true, value: rows, appliedIndex });
      else askAfter(last);
    });
  };
  askAfter(query.after);
}

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);

const nameOf = (row: unknown): string | undefined => {
  if (typeof row !== 'object' || row === null || !('name' in row)) return undefined;
  return typeof row.name === 'string' ? row.name : undefined;
};
