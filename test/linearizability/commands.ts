import fc from 'fast-check';

/** One thing that a client, or the world, does. `node` counts round. */
export type Command = { readonly node: number } & (
  | {
      readonly kind: 'acquire';
      readonly lock: number;
      readonly waits: boolean;
      readonly limitMs: number | undefined;
      /** Of a lock that is not exclusive: how it is wanted. */
      readonly how?: number | undefined;
      /** For which owner, if for any, and whether he enters what he holds. */
      readonly owner?: number | undefined;
      readonly reenters?: boolean | undefined;
    }
  | {
      readonly kind: 'acquire-all';
      /** Which of the locks, as bits. */
      readonly locks: number;
      readonly how: number;
      readonly waits: boolean;
      readonly limitMs: number | undefined;
      readonly owner: number | undefined;
    }
  | { readonly kind: 'upgrade'; readonly which: number; readonly waits: boolean; readonly limitMs: number | undefined }
  | { readonly kind: 'downgrade'; readonly which: number; readonly to: 'U' | 'R' }
  | { readonly kind: 'limit'; readonly permits: number }
  /** An owner enters what it holds once more. */
  | { readonly kind: 'enter'; readonly which: number }
  | { readonly kind: 'release'; readonly which: number }
  | { readonly kind: 'inspect'; readonly lock: number; readonly isLocal: boolean }
  | { readonly kind: 'close' }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'kill' | 'restart' | 'isolate' | 'pause' | 'resume' | 'heal' }
  | { readonly kind: 'cut'; readonly other: number }
  | { readonly kind: 'slow-disk'; readonly ms: number }
);

/** A world and what happens in it: plain records, so that they shrink to few and short ones. */
export interface Plot {
  readonly seed: number;
  readonly nodes: number;
  readonly linkMs: number;
  readonly ttlMs: number;
  readonly checkpoints: boolean;
  readonly commands: readonly Command[];
  /** What the second lock is; the first is always exclusive. Absent: exclusive, too. */
  readonly kind?: 'rw' | 'semaphore' | undefined;
  /** There are four locks: an exclusive one, one to read and write, a semaphore, and one more exclusive one. */
  readonly isMixed?: boolean | undefined;
}

const node = fc.nat({ max: 2 });
const lock = fc.nat({ max: 1 });
const kind = <K extends Command['kind']>(...names: readonly K[]): fc.Arbitrary<K> => fc.constantFrom(...names);

const request = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: kind('acquire'),
      node,
      lock,
      waits: fc.boolean(),
      limitMs: fc.option(fc.integer({ min: 1, max: 2_000 }), { nil: undefined }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: kind('release'), node: fc.constant(0), which: fc.nat({ max: 9 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: kind('inspect'), node, lock, isLocal: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('close'), node }) },
);

const pass = fc.record({ kind: kind('pass'), node: fc.constant(0), ms: fc.integer({ min: 1, max: 1_500 }) });

const fault = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: kind('kill', 'restart', 'isolate', 'pause', 'resume', 'heal'), node }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('cut'), node, other: node }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('slow-disk'), node, ms: fc.integer({ min: 1, max: 400 }) }) },
);

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 6, arbitrary: request },
  { weight: 3, arbitrary: pass },
  { weight: 2, arbitrary: fault },
);

export const plots: fc.Arbitrary<Plot> = fc.record({
  seed: fc.nat({ max: 1_000_000 }),
  nodes: fc.constantFrom(3, 1),
  linkMs: fc.constantFrom(1, 5, 30),
  ttlMs: fc.constantFrom(1_500, 4_000),
  checkpoints: fc.boolean(),
  commands: fc.array(command, { maxLength: 50, size: 'max' }),
});

/** Plots in which the second lock is read and written, or has permits. */
export const familyPlots: fc.Arbitrary<Plot> = fc
  .record({ plot: plots, kind: fc.constantFrom('rw', 'semaphore'), how: fc.infiniteStream(fc.nat({ max: 11 })) })
  .map(({ plot, kind: second, how }) => ({
    ...plot,
    kind: second,
    commands: plot.commands.map((one) => (one.kind === 'acquire' ? { ...one, how: how.next().value } : one)),
  }));

const limitMs = fc.option(fc.integer({ min: 1, max: 2_000 }), { nil: undefined });
const owner = fc.option(fc.nat({ max: 2 }), { nil: undefined, freq: 2 });
const how = fc.nat({ max: 11 });

/** What is asked of locks of all kinds, by somebody or for an owner. */
const asking: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      ...{
        kind: kind('acquire'),
        node,
        lock: fc.constantFrom(0, 1, 1, 1, 2, 3),
        waits: fc.boolean(),
        limitMs,
        how,
        owner,
      },
      reenters: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      ...{ kind: kind('acquire-all'), node, locks: fc.integer({ min: 1, max: 15 }), how, waits: fc.boolean() },
      ...{ limitMs, owner },
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: kind('upgrade'), node, which: how, waits: fc.boolean(), limitMs }) },
  {
    weight: 2,
    arbitrary: fc.record({
      ...{ kind: kind('downgrade'), node, which: how },
      to: fc.constantFrom<'U' | 'R'>('U', 'R'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: kind('enter'), node: fc.constant(0), which: how }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('limit'), node, permits: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 4, arbitrary: fc.record({ kind: kind('release'), node: fc.constant(0), which: how }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: kind('inspect'), node, lock: fc.nat({ max: 3 }), isLocal: fc.boolean() }),
  },
);

const mixed: fc.Arbitrary<Command> = fc.oneof(
  { weight: 8, arbitrary: asking },
  { weight: 3, arbitrary: pass },
  { weight: 2, arbitrary: fault },
);

/** Plots of locks of all kinds, asked for one at a time or together. */
export const mixedPlots: fc.Arbitrary<Plot> = fc
  .record({ plot: plots, commands: fc.array(mixed, { minLength: 20, maxLength: 60, size: 'max' }) })
  .map(({ plot, commands }) => ({ ...plot, commands, isMixed: true }));
