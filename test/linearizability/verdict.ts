import type { Counts } from './counts.ts';

/** Which law was broken. */
export type Rule =
  | 'two-holders'
  | 'too-many-permits'
  | 'token-reuse'
  | 'token-backwards'
  | 'foreign-release'
  | 'phantom-holder'
  | 'early-expiry'
  | 'zombie-session'
  | 'stale-write'
  | 'stolen-token'
  /** Granted although another hold stood, or below an earlier token, in every order of events. */
  | 'grant'
  /** Refused as held although nothing stood in the way at any moment of the call. */
  | 'refusal'
  /** Released what was not held, or refused to release what was. */
  | 'release'
  | 'validate'
  | 'read'
  /** Upgraded or downgraded what was not held so, or beside others, or refused to. */
  | 'conversion'
  /** Refused for a circle of owners that cannot have been one. */
  | 'deadlock'
  /** Granted, refused or shown under another number of permits than the semaphore had. */
  | 'semaphore-limit'
  /** The end of a session does not fit anywhere. */
  | 'session';

/** One broken law. */
export interface Violation {
  readonly rule: Rule;
  /** Absent where it concerns a client. */
  readonly lock?: string | undefined;
  readonly client?: string | undefined;
  readonly text: string;
  /** The operations that show it, one line each, in the order of their invocations. */
  readonly window: readonly string[];
}

/** `unknown`: the budget of the search was used up, or the run proves nothing. */
export type Judgement = 'linearizable' | 'violation' | 'unknown';

/** What came out for one name. */
export interface LockVerdict {
  readonly verdict: Judgement;
  readonly operations: number;
  /** States that the search looked at. */
  readonly states: number;
}

/** What a checker says of a run. Only `passed` is good news. */
export interface Verdict {
  readonly verdict: Judgement;
  /** Linearizable, and no gate is missed. */
  readonly passed: boolean;
  readonly violations: readonly Violation[];
  /** Why nothing is proved although nothing is broken, a sentence each. */
  readonly shortfalls: readonly string[];
  readonly counts: Counts;
  readonly perLock: ReadonlyMap<string, LockVerdict>;
}

/** A report for people. */
export function describeVerdict(verdict: Verdict): string {
  const { counts } = verdict;
  const faults = Object.entries(counts.faults).map(([kind, times]) => `${kind} ${times}`);
  const lines = [
    `${verdict.verdict}${verdict.passed ? '' : ' (not passed)'}`,
    `${counts.operations} operations: ${counts.ok} ok, ${counts.fail} failed, ${counts.unknown} unknown; ` +
      `${counts.acquires} grants, ${counts.contended} contended requests, ${counts.handovers} handovers, ` +
      `${counts.recovered} grants after the last healing`,
    `faults: ${faults.length === 0 ? 'none' : faults.join(', ')}`,
    ...verdict.shortfalls.map((sentence) => `shortfall: ${sentence}`),
  ];
  for (const [name, lock] of verdict.perLock) {
    if (lock.verdict === 'linearizable') continue;
    lines.push(`lock ${name}: ${lock.verdict} (${lock.operations} operations, ${lock.states} states)`);
  }
  for (const { rule, lock, client, text, window } of verdict.violations) {
    const where = lock === undefined ? `client ${client ?? '?'}` : `lock ${lock}`;
    lines.push('', `${rule}, ${where}: ${text}`, ...window.map((line) => `    ${line}`));
  }
  return lines.join('\n');
}
