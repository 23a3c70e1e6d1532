import type { OpenSession, Started } from './command.ts';

/** The process of a node that counts now, and the lives of its directory that never will again. */
export interface NodeRun {
  readonly node: string;
  incarnation: string;
  run: number;
  boot: string;
  /** Incarnations that another one replaced, oldest first; at most `retiredMax`. */
  readonly retired: string[];
  /** See `ChangedRows`. */
  isPersisted: boolean;
}

const retiredMax = 64;

/** What a `started` means for the recorded run of its node. */
export type Verdict = 'new' | 'repeated' | 'refused';

/**
 * A higher run, or another incarnation, takes over. An old copy of the directory, a second boot of the same run, and
 * an incarnation that was replaced before are refused (SEMANTICS 6.5).
 */
export function judge(recorded: NodeRun, started: Started): Verdict {
  if (started.incarnation !== recorded.incarnation) {
    return recorded.retired.includes(started.incarnation) ? 'refused' : 'new';
  }
  if (started.run === recorded.run) return started.boot === recorded.boot ? 'repeated' : 'refused';
  return started.run > recorded.run ? 'new' : 'refused';
}

/** Makes the started run the recorded one. */
export function supersede(recorded: NodeRun, started: Started): void {
  if (started.incarnation !== recorded.incarnation) {
    recorded.retired.push(recorded.incarnation);
    if (recorded.retired.length > retiredMax) recorded.retired.shift();
  }
  recorded.incarnation = started.incarnation;
  recorded.run = started.run;
  recorded.boot = started.boot;
}

/** Whether a session with this home lives in the process that counts. Remote clients' sessions live in none. */
export function isAtHome(home: OpenSession['home'], run: NodeRun | undefined): boolean {
  if (home === undefined) return true;
  return run !== undefined && run.incarnation === home.incarnation && run.run === home.run;
}
