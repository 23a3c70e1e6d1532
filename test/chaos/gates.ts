import type { Course } from './course.ts';

/** What a run must have done for each minute, or it proves nothing. */
const perMinute = { acquires: 1_000, contended: 200, handOvers: 100, faults: 6, entries: 1_000, states: 10 } as const;

/** Below this many minutes not every kind of fault has had its turn. */
const allKindsFrom = 0.5;

const unknownPartMax = 0.2;

/** What must have come, from half a minute on, of what was asked of locks that are not plain. */
export const kindClasses: readonly string[] = [
  'acquire r granted',
  'acquire u granted',
  'upgrade granted',
  'upgrade held',
  'downgrade to u done',
  'downgrade to r done',
  'acquire s granted',
  'setLimit done',
  'acquireAll granted',
  'tryAcquireAll held',
  're-entry granted',
  'acquire w of an owner deadlock',
];

/** The gates that this run did not pass, in words. */
export function missedGates({
  tally,
  faults,
  kinds,
  journals,
  nodes,
  minutes,
  verdict,
  outcomes,
  gates,
}: Course): readonly string[] {
  const wanted = (rate: number): number => Math.floor(rate * minutes * gates);
  const counts = [
    { what: 'completed acquires', came: tally.acquires, least: wanted(perMinute.acquires) },
    { what: 'contended acquires', came: tally.contended, least: wanted(perMinute.contended) },
    { what: 'hand-overs', came: tally.handOvers, least: wanted(perMinute.handOvers) },
    { what: 'entries that two nodes applied', came: journals.entries, least: wanted(perMinute.entries) },
    { what: 'states of the table that two nodes had', came: journals.states, least: wanted(perMinute.states) },
    {
      what: 'faults that acted',
      came: faults.acted,
      least: kinds.length === 0 ? 0 : Math.max(1, wanted(perMinute.faults)),
    },
  ];
  const low = counts.flatMap(({ what, came, least }) =>
    came < least ? [`${came} ${what}, at least ${least} are needed`] : [],
  );
  const idle = minutes < allKindsFrom ? [] : kinds.filter((kind) => faults.of(kind).acted === 0);
  const unreached = minutes * gates < allKindsFrom ? [] : kindClasses.filter((words) => !(words in outcomes));
  const unknown = tally.unknown > unknownPartMax * tally.operations;
  return [
    // A checker that came to no end has proved nothing either.
    ...(verdict === 'unknown' ? ['the checker came to no verdict'] : []),
    ...(journals.nodes < nodes ? [`${journals.nodes} of ${nodes} nodes wrote a journal`] : []),
    ...low,
    ...idle.map((kind) => `no fault of kind ${kind} acted`),
    ...unreached.map((words) => `nothing came to this: ${words}`),
    ...(unknown ? [`${tally.unknown} of ${tally.operations} operations have an unknown outcome`] : []),
  ];
}
