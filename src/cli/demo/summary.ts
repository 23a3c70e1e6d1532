import { spoken } from '../duration.ts';
import { type DemoCluster, sessionTtl } from './cluster.ts';

/** What the demo found; the fields of `--json`. */
export interface DemoSummary {
  /** Whether everything held that must hold. */
  readonly ok: boolean;
  /** Critical sections that were entered. */
  readonly grants: number;
  /** Pairs of critical sections of one lock that were entered at the same time. */
  readonly overlaps: number;
  /** Writes that were refused because a later token had been seen. */
  readonly staleRefused: number;
  /** The longest time in which nobody entered any critical section, in milliseconds. */
  readonly longestGapMs: number;
  /** Whether the tokens of each lock rose from every holder to the next. */
  readonly tokensMonotonic: boolean;
  /** Writes that were accepted. */
  readonly increments: number;
  /** The sum of the counters. Smaller than `increments` if two holders ever read the same value. */
  readonly counted: number;
  readonly killedLeader: string | undefined;
  readonly newLeader: string | undefined;
  /** From the kill to the next critical section anywhere, in milliseconds. */
  readonly failoverMs: number | undefined;
  /** Critical sections that were entered after the kill. */
  readonly grantsAfterKill: number;
  /** Critical sections that the killed node's workers entered after its restart. */
  readonly grantsAfterRestart: number;
  /** What did not hold, in words. */
  readonly broken: readonly string[];
}

/** What the scenario did, for the summary. */
export interface Course {
  readonly killed: string | undefined;
  /** Monotonic milliseconds; absent if it did not come to that. */
  readonly killedAt: number | undefined;
  readonly restartedAt: number | undefined;
  readonly newLeader: string | undefined;
  readonly closedWell: boolean;
}

export function summarize(cluster: DemoCluster, course: Course): DemoSummary {
  const { ledger } = cluster;
  const counters = [...cluster.counters.values()];
  const { killed, killedAt, restartedAt, newLeader } = course;
  const next = killedAt === undefined ? undefined : ledger.firstSince(killedAt);
  const found = {
    grants: ledger.grants,
    overlaps: ledger.overlaps().length,
    staleRefused: sum(counters.map(({ refused }) => refused)),
    longestGapMs: Math.round(ledger.longestGapMs()),
    tokensMonotonic: ledger.tokensRise,
    increments: sum(counters.map(({ increments }) => increments)),
    counted: sum(counters.map(({ value }) => value)),
    killedLeader: killed,
    newLeader,
    failoverMs: killedAt === undefined || next === undefined ? undefined : Math.round(next.at - killedAt),
    grantsAfterKill: killedAt === undefined ? 0 : ledger.grantsSince(killedAt),
    grantsAfterRestart: restartedAt === undefined ? 0 : ledger.grantsSince(restartedAt, killed),
  };
  const broken = claims(found, course).flatMap(([holds, otherwise]) => (holds ? [] : [otherwise]));
  return { ok: broken.length === 0, ...found, broken };
}

type Found = Omit<DemoSummary, 'ok' | 'broken'>;

const claims = (found: Found, course: Course): readonly (readonly [holds: boolean, otherwise: string])[] => [
  [found.grants > 0, 'nobody ever entered a critical section'],
  [found.overlaps === 0, `${found.overlaps} critical sections overlapped`],
  [found.tokensMonotonic, 'a fencing token did not rise'],
  [found.counted === found.increments, `${found.increments} increments, but the counters say ${found.counted}`],
  [found.killedLeader !== undefined, 'no leader was there to be killed'],
  [found.newLeader !== undefined && found.newLeader !== found.killedLeader, 'no other node took over the leadership'],
  [found.grantsAfterKill > 0, 'nothing went on after the kill'],
  [found.grantsAfterRestart > 0, 'the restarted node did not take part again'],
  [course.closedWell, 'a node did not close in time'],
];

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

/** The summary for people. */
export function summaryText(summary: DemoSummary): string {
  const { failoverMs } = summary;
  const rows: readonly (readonly [string, string])[] = [
    ['critical sections', `${summary.grants}`],
    ['overlaps', `${summary.overlaps}`],
    ['tokens rise', summary.tokensMonotonic ? 'yes, from every holder to the next' : 'NO'],
    ['shared counters', `${summary.counted} after ${summary.increments} increments`],
    ['late writes refused', `${summary.staleRefused}`],
    ['leader killed', `${summary.killedLeader ?? 'none'}, then ${summary.newLeader ?? 'nobody'} led`],
    ['next grant after', failoverMs === undefined ? 'never' : spoken(failoverMs)],
    [
      'longest gap',
      `${spoken(summary.longestGapMs)}; a killed process keeps its locks for a TTL of ${spoken(sessionTtl)}`,
    ],
    ['after its restart', `${summary.grantsAfterRestart} critical sections on the killed node`],
  ];
  const verdict = summary.ok ? 'Everything held.' : `Broken: ${summary.broken.join('; ')}.`;
  return [...rows.map(([name, value]) => `  ${name.padEnd(21)}${value}`), '', verdict].join('\n');
}
