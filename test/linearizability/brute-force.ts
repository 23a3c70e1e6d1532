import { type LockSettings, type Mode, type Operation, only } from './history.ts';
import type { Lifetimes } from './lifetimes.ts';

/**
 * The law of a lock once more, written as naively as can be: it tries every order of everything that happened or may
 * have happened. For a handful of operations only.
 */
export function hasLawfulOrder(
  operations: readonly Operation[],
  around: { readonly settings: LockSettings; readonly lifetimes: Lifetimes },
): boolean {
  const events = eventsOf(operations, around.lifetimes);
  return extend(events, { held: [], highest: -1, settings: around.settings }, new Set());
}

interface Held {
  readonly client: string;
  readonly token: number | undefined;
  readonly mode: Mode;
  readonly permits: number;
}

interface World {
  readonly held: readonly Held[];
  readonly highest: number;
  readonly settings: LockSettings;
}

interface Possible {
  readonly from: bigint;
  /** Undefined: it need not have happened at all. */
  readonly until: bigint | undefined;
  /** Another event that must have happened before. */
  readonly after?: Possible;
  /** Others that it rules out. */
  readonly client?: string;
  readonly isDeath?: boolean;
  /** Every world that can come of it. */
  readonly apply: (world: World) => readonly World[];
}

function extend(events: readonly Possible[], world: World, done: ReadonlySet<Possible>): boolean {
  const left = events.filter((event) => !done.has(event));
  if (left.every(({ until }) => until === undefined)) return true;
  const isDead = (client: string | undefined): boolean =>
    client !== undefined && [...done].some((event) => event.isDeath === true && event.client === client);
  for (const event of left) {
    const mustWait = left.some(({ until }) => until !== undefined && until < event.from);
    if (mustWait || (event.after !== undefined && !done.has(event.after))) continue;
    if (event.isDeath !== true && isDead(event.client)) continue;
    for (const next of event.apply(world)) if (extend(events, next, new Set([...done, event]))) return true;
  }
  return false;
}

function eventsOf(operations: readonly Operation[], lifetimes: Lifetimes): readonly Possible[] {
  const seenTokens = new Set<number>();
  for (const { outcome } of operations) {
    if (outcome.kind !== 'ok' || !('holders' in outcome.result)) continue;
    for (const { token } of outcome.result.holders) seenTokens.add(token);
  }
  for (const { call } of only(operations, 'release', 'validate')) seenTokens.add(call.token);
  const known = new Set<string>();
  for (const { call, outcome } of only(operations, 'acquire', 'tryAcquire')) {
    if (outcome.kind === 'ok' && outcome.result.granted) known.add(`${call.client} ${outcome.result.token}`);
  }
  const events = operations.flatMap((operation) => eventsOfOne(operation, { seenTokens, known }));
  const clients = new Set(only(operations, 'acquire', 'tryAcquire').map(({ call }) => call.client));
  const deaths = [...clients].flatMap((client): readonly Possible[] => {
    const { from, until } = lifetimes.of(client);
    const apply = (world: World): readonly World[] => [
      { ...world, held: world.held.filter((hold) => hold.client !== client) },
    ];
    return from === undefined ? [] : [{ from, until, client, isDeath: true, apply }];
  });
  return [...events, ...deaths];
}

interface Tokens {
  readonly seenTokens: ReadonlySet<number>;
  readonly known: ReadonlySet<string>;
}

function eventsOfOne(operation: Operation, tokens: Tokens): readonly Possible[] {
  const { invokedAt: from, outcome } = operation;
  if (outcome.kind === 'fail') return [];
  const until = outcome.kind === 'ok' ? outcome.at : undefined;
  switch (operation.f) {
    case 'acquire':
    case 'tryAcquire':
      return requested(operation, tokens);
    case 'release': {
      const { client, token } = operation.call;
      const isDone = operation.outcome.kind !== 'ok' || operation.outcome.result.released;
      return [{ from, until, apply: isDone ? released(client, token) : whenHeld({ client, token }, false) }];
    }
    case 'validate': {
      const isHeld = operation.outcome.kind === 'ok' && operation.outcome.result.held;
      return until === undefined ? [] : [{ from, until, apply: whenHeld(operation.call, isHeld) }];
    }
    case 'holder': {
      if (operation.outcome.kind !== 'ok') return [];
      const shown = operation.outcome.result.holders.map(({ client, token }) => `${client} ${token}`).sort();
      const isShown = ({ held }: World): boolean =>
        `${shown}` === `${held.map(({ client, token }) => `${client} ${token}`).sort()}`;
      return [{ from, until, apply: (world) => (isShown(world) ? [world] : []) }];
    }
    case 'forceRelease':
      return [{ from, until, apply: (world) => [{ ...world, held: [] }] }];
    default:
      return [];
  }
}

function requested(
  operation: Extract<Operation, { readonly f: 'acquire' | 'tryAcquire' }>,
  { seenTokens, known }: Tokens,
): readonly Possible[] {
  const { invokedAt: from, outcome, call } = operation;
  const { client, mode, permits } = call;
  if (outcome.kind === 'ok') {
    const until = outcome.at;
    const { result } = outcome;
    if (result.granted)
      return [{ from, until, client, apply: granted({ client, mode, permits, token: result.token }) }];
    if (result.reason !== 'held') return [];
    return [{ from, until, apply: (world) => (hasRoom(world, { mode, permits }) ? [] : [world]) }];
  }
  // Nobody was told its token: it is any that was seen, or one that nobody ever saw.
  const possible = [undefined, ...seenTokens].filter((token) => !known.has(`${client} ${token}`));
  const grant: Possible = {
    from,
    until: undefined,
    client,
    apply: (world) => possible.flatMap((token) => granted({ client, mode, permits, token })(world)),
  };
  const drop: Possible = {
    from,
    until: undefined,
    after: grant,
    apply: (world) =>
      world.held.flatMap((hold) => {
        const isUnheard = hold.client === client && !known.has(`${client} ${hold.token}`);
        return isUnheard ? [{ ...world, held: world.held.filter((each) => each !== hold) }] : [];
      }),
  };
  return [grant, drop];
}

const granted =
  (hold: Held) =>
  (world: World): readonly World[] => {
    if (!hasRoom(world, hold)) return [];
    if (hold.token !== undefined && hold.token <= world.highest) return [];
    return [{ ...world, held: [...world.held, hold], highest: Math.max(world.highest, hold.token ?? -1) }];
  };

const released =
  (client: string, token: number) =>
  (world: World): readonly World[] => {
    const held = world.held.filter((hold) => hold.client !== client || hold.token !== token);
    return held.length < world.held.length ? [{ ...world, held }] : [];
  };

const whenHeld =
  ({ client, token }: { readonly client: string; readonly token: number }, isHeld: boolean) =>
  (world: World): readonly World[] =>
    world.held.some((hold) => hold.client === client && hold.token === token) === isHeld ? [world] : [];

function hasRoom({ held, settings }: World, want: { readonly mode: Mode; readonly permits: number }): boolean {
  switch (settings.kind) {
    case 'mutex':
      return held.length === 0;
    case 'rw':
      return held.length === 0 || (want.mode === 'r' && held.every(({ mode }) => mode === 'r'));
    case 'semaphore':
      return held.reduce((sum, { permits }) => sum + permits, want.permits) <= settings.permits;
    default:
      return settings.kind satisfies never;
  }
}
