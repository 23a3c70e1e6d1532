import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkJournals, HistoryFormatError, type JournalVerdict } from '../linearizability/index.ts';
import type { Problems } from './problems.ts';

/** How much the journals of a run could tell. */
export interface JournalCounts {
  readonly nodes: number;
  /** Entries that two nodes, or two runs of one, applied. */
  readonly entries: number;
  /** Those of them after which two wrote the digest of the table. */
  readonly states: number;
}

const ending = '.journal.jsonl';

/** One difference may have thousands of successors. */
const toldMax = 5;

/** Where a node writes down what it does, through all its restarts. Not on the disk that fails. */
export const journalPath = (folder: string, nodeId: string): string => join(folder, `${nodeId}${ending}`);

/** Compares what all nodes of a run in `folder` wrote down; only once they have ended. */
export function judgeJournals(folder: string, problems: Problems): JournalCounts {
  const paths = readdirSync(folder).filter((name) => name.endsWith(ending));
  const verdict = verdictOn(
    paths.map((name) => readFileSync(join(folder, name), 'utf8')),
    problems,
  );
  const { violations, compared: entries, states } = verdict;
  for (const { rule, text } of violations.slice(0, toldMax)) {
    problems.add('the journals of nodes disagree', `${rule}: ${text}`);
  }
  const more = violations.length - toldMax;
  if (more > 0) problems.add('the journals of nodes disagree', `and ${more} more`);
  return { nodes: paths.length, entries, states };
}

function verdictOn(texts: readonly string[], problems: Problems): JournalVerdict {
  try {
    return checkJournals(texts);
  } catch (error) {
    if (!(error instanceof HistoryFormatError)) throw error;
    problems.add('the journals of nodes disagree', `one has not the form: ${error.message}`);
    return { passed: false, violations: [], compared: 0, states: 0 };
  }
}
