import { z } from 'zod';
import { HistoryFormatError } from './parse.ts';

/** What no set of nodes may have written. */
export interface JournalViolation {
  readonly rule:
    | 'two-leaders'
    | 'two-votes'
    | 'other-term'
    | 'other-bytes'
    | 'other-state'
    | 'gap'
    | 'repeat'
    | 'falling-term';
  readonly text: string;
}

export interface JournalVerdict {
  readonly passed: boolean;
  readonly violations: readonly JournalViolation[];
  /** Entries that at least two nodes, or two runs of one, applied: only of these anything is proved. */
  readonly compared: number;
  /** Those of them after which at least two wrote the state. */
  readonly states: number;
}

const index = z.int().min(0);
const node = z.string().min(1);
const run = z.int().min(0);

const line = z.discriminatedUnion('ev', [
  z.strictObject({
    ev: z.literal('apply'),
    node,
    run,
    index,
    term: index,
    hash: z.string(),
    state: z.string().optional(),
  }),
  z.strictObject({ ev: z.literal('leader'), node, term: index }),
  z.strictObject({ ev: z.literal('vote'), node, term: index, for: node }),
  z.strictObject({ ev: z.literal('snapshot'), node, run, index }),
]);

type Line = z.infer<typeof line>;
type Apply = Line & { readonly ev: 'apply' };

/**
 * Judges the journals of all nodes of one cluster, a text each, all runs of a node in one. Throws a
 * `HistoryFormatError` for a line that has not the form; half a line at the end of a text is left out, as a process that
 * is killed may leave one.
 */
export function checkJournals(texts: Iterable<string>): JournalVerdict {
  const lines = [...texts].flatMap(linesOf);
  const applied = lines.filter((each): each is Apply => each.ev === 'apply');
  const agreement = agreementOf(applied);
  const violations = [...elections(lines), ...agreement.violations, ...sequences(lines), ...fallingTerms(applied)];
  const { compared, states } = agreement;
  return { passed: violations.length === 0, violations, compared, states };
}

function linesOf(text: string): readonly Line[] {
  const lines = text.split('\n');
  const last = lines.pop() ?? '';
  return [...lines, ...(isHalf(last) ? [] : [last])].flatMap((each, at) => {
    if (each.trim() === '') return [];
    const result = line.safeParse(parsed(each, at + 1));
    if (result.success) return [result.data];
    throw new HistoryFormatError(at + 1, result.error.issues.map(({ path, message }) => `${path}: ${message}`).join());
  });
}

/** Of the last line, which has no end: no proper part of a JSON object is JSON, and each begins like one. */
function isHalf(last: string): boolean {
  if (!last.startsWith('{')) return false;
  try {
    JSON.parse(last);
    return false;
  } catch {
    return true;
  }
}

function parsed(text: string, at: number): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new HistoryFormatError(at, `no JSON: ${error.message}`);
  }
}

/** One leader for each term, and one vote of each node in it. */
function elections(lines: readonly Line[]): readonly JournalViolation[] {
  const leaders = new Map<number, string>();
  const votes = new Map<string, string>();
  return lines.flatMap((each): readonly JournalViolation[] => {
    if (each.ev === 'leader') {
      const other = leaders.get(each.term) ?? each.node;
      leaders.set(each.term, other);
      if (other === each.node) return [];
      return [{ rule: 'two-leaders', text: `${other} and ${each.node} led term ${each.term}` }];
    }
    if (each.ev !== 'vote') return [];
    const key = `${each.term} ${each.node}`;
    const before = votes.get(key) ?? each.for;
    votes.set(key, before);
    if (before === each.for) return [];
    return [{ rule: 'two-votes', text: `${each.node} voted for ${before} and ${each.for} in term ${each.term}` }];
  });
}

/** The same entry and the same state at one index, on whichever node and in whichever run. */
function agreementOf(applied: readonly Apply[]): {
  readonly violations: readonly JournalViolation[];
  readonly compared: number;
  readonly states: number;
} {
  const entries = new Map<number, Apply>();
  const compared = new Set<number>();
  const states = new Set<number>();
  const violations = applied.flatMap((each): readonly JournalViolation[] => {
    const first = entries.get(each.index);
    if (first === undefined) {
      entries.set(each.index, each);
      return [];
    }
    compared.add(each.index);
    const text = `index ${each.index}: ${wordsOf(first)}, but ${wordsOf(each)}`;
    if (first.term !== each.term) return [{ rule: 'other-term', text }];
    if (first.hash !== each.hash) return [{ rule: 'other-bytes', text }];
    // Not every node need write the state at every index.
    if (first.state === undefined) entries.set(each.index, each);
    if (first.state === undefined || each.state === undefined) return [];
    states.add(each.index);
    return first.state === each.state ? [] : [{ rule: 'other-state', text }];
  });
  return { violations, compared: compared.size, states: states.size };
}

/** Within a run, each index follows the one before, or the snapshot that was put in its place. */
function sequences(lines: readonly Line[]): readonly JournalViolation[] {
  const last = new Map<string, number>();
  return lines.flatMap((each): readonly JournalViolation[] => {
    if (each.ev !== 'apply' && each.ev !== 'snapshot') return [];
    const key = `${each.run} ${each.node}`;
    const before = last.get(key);
    last.set(key, Math.max(before ?? 0, each.index));
    if (each.ev === 'snapshot' || before === undefined || each.index === before + 1) return [];
    const text = `run ${each.run} of ${each.node} applied index ${each.index} after ${before}`;
    return [{ rule: each.index > before ? 'gap' : 'repeat', text }];
  });
}

/** Along the log, as all nodes together show it. */
function fallingTerms(applied: readonly Apply[]): readonly JournalViolation[] {
  const entries = new Map(applied.map((each) => [each.index, each]));
  const byIndex = [...entries.values()].sort((a, b) => a.index - b.index);
  return byIndex.flatMap((each, at): readonly JournalViolation[] => {
    const before = byIndex[at - 1];
    if (before === undefined || before.term <= each.term) return [];
    const text = `term ${before.term} at index ${before.index}, but ${each.term} at ${each.index}`;
    return [{ rule: 'falling-term', text }];
  });
}

const wordsOf = ({ node: name, run: of, term, hash, state }: Apply): string =>
  `run ${of} of ${name} applied term ${term}, bytes ${hash}${state === undefined ? '' : `, state ${state}`}`;
