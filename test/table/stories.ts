import fc from 'fast-check';
import type { Command } from '../../src/table/index.ts';

/** What happens to a table, besides commands, that must not show. */
export type Step = Plan | 'checkpoint' | 'restart' | 'install';

/** A command whose numbers are chosen among what there is when its turn comes. */
export interface Plan {
  readonly kind: Command['kind'] | 'write' | 'again';
  /** Where the choices start, one for each thing to choose. */
  readonly picks: readonly [who: number, when: number, what: number, how: number];
  readonly stamp: number;
}

const plans = (kind: Plan['kind']) =>
  fc.record({
    kind: fc.constant(kind),
    picks: fc.tuple(fc.nat(999), fc.nat(999), fc.nat(999), fc.nat(999)),
    stamp: fc.nat(5_000),
  });

/** How often each is said. */
type Weights = Readonly<Partial<Record<Plan['kind'], number>>>;

const everything = {
  started: 3,
  open: 6,
  close: 1,
  expire: 2,
  acquire: 12,
  'acquire-all': 20,
  upgrade: 4,
  downgrade: 4,
  limit: 2,
  cancel: 8,
  release: 10,
  proclaim: 4,
  guarded: 5,
  write: 12,
  begun: 5,
  overdue: 4,
  'delay-over': 6,
  'force-release': 4,
  'end-session': 1,
  'request-revoke': 1,
  steal: 3,
  'take-over': 8,
  again: 8,
} as const satisfies Weights;

/** Many owners who ask for more before they let go. */
const greed: Weights = { open: 6, acquire: 4, 'acquire-all': 40, upgrade: 4, cancel: 1, release: 2 };

/** Many sessions that come and go. */
const handing: Weights = {
  ...{ open: 8, close: 3, expire: 4, acquire: 4, 'acquire-all': 30, upgrade: 4, downgrade: 2, cancel: 2, release: 3 },
  ...{ proclaim: 2, guarded: 2, begun: 4, overdue: 3, 'delay-over': 2, 'force-release': 4, 'take-over': 14, again: 4 },
};

const restarts = { weight: 3, arbitrary: fc.constantFrom<Step>('checkpoint', 'restart', 'install') };

const storiesOf = (weights: Weights): fc.Arbitrary<readonly Step[]> =>
  fc.array(fc.oneof(...plansOf(weights), restarts), { maxLength: 120, size: 'max' });

const plansOf = (weights: Weights) =>
  kindsOf(weights).map((kind) => ({ weight: weights[kind] ?? 0, arbitrary: plans(kind) }));

const kindsOf = (weights: Weights): readonly Plan['kind'][] =>
  Object.keys({ ...everything, again: 8 }).filter((kind): kind is Plan['kind'] => kind in weights);

/** Of everything that can be said. */
export const stories = storiesOf(everything);

/** Of holds that outlive their sessions, and go from one to the other. */
export const handedStories = storiesOf(handing);

/** Of those who wait for each other. */
export const greedyStories = storiesOf(greed);
