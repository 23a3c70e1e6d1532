import { describe, expect, it } from 'vitest';
import { checkJournals, HistoryFormatError } from './index.ts';

type Line = Readonly<Record<string, string | number>>;

const applied = (node: string, index: number, rest: Line = {}): Line => ({
  node,
  run: 1,
  ev: 'apply',
  index,
  term: 2,
  hash: `h${index}`,
  state: `s${index}`,
  ...rest,
});

const snapshot = (node: string, index: number): Line => ({ node, run: 1, ev: 'snapshot', index });
const led = (node: string, term: number): Line => ({ node, ev: 'leader', term });
const voted = (node: string, term: number, candidate: string): Line => ({ node, ev: 'vote', term, for: candidate });

/** One journal for each node. */
function written(lines: readonly Line[]): readonly string[] {
  const nodes = [...new Set(lines.map(({ node }) => node))];
  return nodes.map((node) => lines.flatMap((line) => (line['node'] === node ? [JSON.stringify(line)] : [])).join('\n'));
}

describe('node journals', () => {
  it('that agree pass, over restarts, snapshots and states that only some write', () => {
    const { state: _, ...bare } = applied('n2', 2);

    const verdict = checkJournals(
      written([
        voted('n1', 2, 'n1'),
        voted('n2', 2, 'n1'),
        led('n1', 2),
        applied('n1', 1, { term: 1 }),
        applied('n1', 2),
        applied('n1', 3),
        applied('n1', 2, { run: 2 }),
        applied('n1', 3, { run: 2 }),
        bare,
        snapshot('n2', 9),
        applied('n2', 10),
        voted('n1', 3, 'n2'),
        led('n2', 3),
      ]),
    );

    expect(verdict).toEqual({ passed: true, violations: [], compared: 2, states: 2 });
  });

  it.each([
    ['two leaders of a term', 'two-leaders', [led('n1', 2), led('n2', 2)]],
    ['two votes in a term', 'two-votes', [voted('n1', 2, 'n1'), voted('n1', 2, 'n2')]],
    ['another term at an index', 'other-term', [applied('n1', 1), applied('n2', 1, { term: 3 })]],
    ['other bytes at an index', 'other-bytes', [applied('n1', 1), applied('n2', 1, { hash: 'x' })]],
    ['another state at an index', 'other-state', [applied('n1', 1), applied('n2', 1, { state: 'x' })]],
    ['another state after a restart', 'other-state', [applied('n1', 1), applied('n1', 1, { run: 2, state: 'x' })]],
    ['a gap in a run', 'gap', [applied('n1', 1), applied('n1', 3)]],
    ['a gap after a snapshot', 'gap', [snapshot('n1', 5), applied('n1', 7)]],
    ['an index twice in a run', 'repeat', [applied('n1', 1), applied('n1', 1)]],
    ['a snapshot behind what is applied', 'repeat', [applied('n1', 4), snapshot('n1', 2), applied('n1', 3)]],
    ['terms that fall along the log', 'falling-term', [applied('n1', 1), applied('n2', 2, { term: 1 })]],
  ] as const)('are rejected for %s', (_, rule, lines) => {
    const { passed, violations } = checkJournals(written(lines));

    expect(passed).toBe(false);
    expect(violations.map((violation) => violation.rule)).toEqual([rule]);
  });

  it('may end in half a line, and nowhere else have one', () => {
    const whole = JSON.stringify(applied('n1', 1));
    const other = JSON.stringify(applied('n2', 1));
    const half = whole.slice(0, 20);

    expect(checkJournals([`${whole}\n${half}`, other])).toMatchObject({ passed: true, compared: 1 });
    expect(() => checkJournals([`${half}\n${whole}\n`])).toThrow('line 1: ');
    expect(() => checkJournals([`${whole}\nhalf`])).toThrow('line 2: ');
  });

  it.each(['{', '{"ev":"apply","node":"n1"}', '{"ev":"sleep","node":"n1"}'])(
    'name the line that is wrong: %s',
    (bad) => {
      const check = (): unknown => checkJournals([`${JSON.stringify(led('n1', 1))}\n${bad}\n`]);

      expect(check).toThrow(HistoryFormatError);
      expect(check).toThrow('line 2: ');
    },
  );
});
