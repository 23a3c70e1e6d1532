import { type Mode, type Operation, only, type Part } from './history.ts';
import { grantsOf } from './requests.ts';

/**
 * The law of several locks once more, written as naively as can be, for exclusive locks and those to read and write whose
 * sessions never end: it tries every order of everything that happened or may have happened. For a handful of operations.
 */
export function hasLawfulOrderTogether(operations: readonly Operation[], isShared: (name: string) => boolean): boolean {
  const possible = operations.flatMap((operation) => possibleOf(operation, { isShared, tokens: tokensIn(operations) }));
  return extend(possible, { held: [], highest: 0 });
}

interface Held {
  readonly name: string;
  readonly client: string;
  readonly token: number;
  readonly mode: Mode;
  /** Its client never heard of it: the library gives it back at any moment. */
  readonly isLoose: boolean;
}

interface World {
  readonly held: readonly Held[];
  readonly highest: number;
}

interface Possible {
  readonly from: bigint;
  /** Undefined: it need not have happened at all. */
  readonly until: bigint | undefined;
  /** Every world that can come of it. */
  readonly apply: (world: World) => readonly World[];
}

function extend(left: readonly Possible[], world: World): boolean {
  if (left.every(({ until }) => until === undefined)) return true;
  for (const event of left) {
    if (left.some(({ until }) => until !== undefined && until < event.from)) continue;
    const others = left.filter((each) => each !== event);
    for (const next of event.apply(world)) if (extend(others, next)) return true;
  }
  return false;
}

interface Frame {
  readonly isShared: (name: string) => boolean;
  readonly tokens: readonly number[];
}

/** Every token that is named, and some that nobody ever saw: they stand between the others. */
function tokensIn(operations: readonly Operation[]): readonly number[] {
  const named = new Set(grantsOf(operations).map(({ token }) => token));
  for (const { call } of only(operations, 'release', 'upgrade', 'downgrade')) named.add(call.token);
  for (const { outcome } of only(operations, 'holder')) {
    if (outcome.kind === 'ok') for (const { token } of outcome.result.holders) named.add(token);
  }
  return [0.5, ...[...named].flatMap((token) => [token, token - 1, token - 0.5, token + 0.25])];
}

const told = { isLoose: false };

function possibleOf(operation: Operation, frame: Frame): readonly Possible[] {
  const { invokedAt: from, outcome } = operation;
  const until = outcome.kind === 'ok' ? outcome.at : undefined;
  // Whoever was told what became of a hold knows that he has it.
  const heard = outcome.kind === 'ok' ? told : {};
  const one = (apply: Possible['apply']): readonly Possible[] => [{ from, until, apply }];
  switch (operation.f) {
    case 'tryAcquireAll': {
      const { parts, client } = operation.call;
      if (operation.outcome.kind !== 'ok') {
        const drops = parts.map((): Possible => ({ from, until: undefined, apply: dropped }));
        const apply = (world: World): readonly World[] =>
          frame.tokens.flatMap((token) => grant(world, { parts, client, token, isLoose: true }, frame));
        return [{ from, until, apply }, ...drops];
      }
      const { result } = operation.outcome;
      if (result.granted) return one((world) => grant(world, { parts, client, token: result.token, ...told }, frame));
      return one((world) => (parts.every((part) => isFree(world, part, frame)) ? [] : [world]));
    }
    case 'release':
      return one((world) => changed(world, operation.call, () => []));
    case 'downgrade': {
      const { to } = operation.call;
      return one((world) =>
        changed(world, operation.call, (hold) =>
          hold.mode === 'w' || (hold.mode === 'u' && to === 'r') ? [{ ...hold, mode: to, ...heard }] : undefined,
        ),
      );
    }
    case 'upgrade': {
      const isAlone = ({ held }: World): boolean =>
        held.filter(({ name }) => name === operation.call.name).length === 1;
      const to = (world: World, token: number): readonly World[] => {
        if (!isAlone(world) || token <= world.highest) return [];
        const next = changed(world, operation.call, (hold) =>
          hold.mode === 'u' ? [{ ...hold, mode: 'w', token, ...heard }] : undefined,
        );
        return next.map((each) => ({ ...each, highest: token }));
      };
      if (operation.outcome.kind !== 'ok') return one((world) => frame.tokens.flatMap((token) => to(world, token)));
      const { result } = operation.outcome;
      if (result.granted) return one((world) => to(world, result.token));
      return one((world) => (isAlone(world) ? [] : changed(world, operation.call, (hold) => [hold])));
    }
    case 'holder': {
      if (operation.outcome.kind !== 'ok') return [];
      const shown = operation.outcome.result.holders
        .map(({ client, token, mode }) => `${client} ${token} ${mode}`)
        .sort();
      return one((world) => {
        const held = world.held.filter(({ name }) => name === operation.call.name);
        return `${held.map(({ client, token, mode }) => `${client} ${token} ${mode}`).sort()}` === `${shown}`
          ? [world]
          : [];
      });
    }
    default:
      return [];
  }
}

interface Granting {
  readonly parts: readonly Part[];
  readonly client: string;
  readonly token: number;
  readonly isLoose: boolean;
}

function grant(world: World, { parts, client, token, isLoose }: Granting, frame: Frame): readonly World[] {
  if (token <= world.highest || !parts.every((part) => isFree(world, part, frame))) return [];
  // Tokens that nobody saw fit in between, however many they are.
  const step = Number.isInteger(token) ? 1 : 0.001;
  const held = parts.map(({ name, mode }, at) => ({ name, mode, client, token: token + at * step, isLoose }));
  return [{ held: [...world.held, ...held], highest: token + (parts.length - 1) * step }];
}

const dropped = ({ held, highest }: World): readonly World[] =>
  held.flatMap((hold) => (hold.isLoose ? [{ held: held.filter((each) => each !== hold), highest }] : []));

const isFree = ({ held }: World, { name, mode }: Part, { isShared }: Frame): boolean =>
  held.every((hold) => {
    if (hold.name !== name) return true;
    if (!isShared(name) || hold.mode === 'w' || mode === 'w') return false;
    return hold.mode === 'r' || mode === 'r';
  });

/** The world with something else in the place of a hold; none if there is no such hold, or it cannot become that. */
function changed(
  { held, highest }: World,
  { name, client, token }: { readonly name: string; readonly client: string; readonly token: number },
  change: (hold: Held) => readonly Held[] | undefined,
): readonly World[] {
  const hold = held.find((each) => each.name === name && each.client === client && each.token === token);
  const instead = hold === undefined ? undefined : change(hold);
  if (instead === undefined) return [];
  return [{ held: held.flatMap((each) => (each === hold ? instead : [each])), highest }];
}
