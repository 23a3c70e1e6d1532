import { grouped } from './grouped.ts';
import { type Operation, only } from './history.ts';

/** A request for a lock. */
export type Request = Extract<Operation, { readonly f: 'acquire' | 'tryAcquire' }>;

/** Which requests of unknown outcome were granted which tokens, and when that was seen first. */
export type Binding = ReadonlyMap<Request, { readonly token: number; readonly at: bigint }>;

/** A token seen in somebody's hands. */
export interface Sight {
  readonly client: string;
  readonly token: number;
  readonly count: number | undefined;
  readonly at: bigint;
  readonly by: Operation;
}

/** Every way in which tokens that were seen but never answered may belong to requests; or a sight that none explains. */
export type Bindings =
  | { readonly kind: 'possible'; readonly bindings: Iterable<Binding> }
  | { readonly kind: 'phantom'; readonly sight: Sight };

/**
 * Among like requests of one client only the earliest is tried: grants go by rising tokens, so that an exchange of two
 * never makes a possible order impossible.
 */
export function bindingsOf(operations: readonly Operation[]): Bindings {
  const requests = only(operations, 'acquire', 'tryAcquire');
  const unknown = requests.filter(({ outcome }) => outcome.kind === 'unknown');
  const assigning = new Assigning(unexplained(operations, requests), unknown);
  if (assigning.all().next().done !== true) return { kind: 'possible', bindings: assigning.all() };
  const { unassigned } = assigning;
  return unassigned === undefined
    ? { kind: 'possible', bindings: [new Map()] }
    : { kind: 'phantom', sight: unassigned };
}

class Assigning {
  readonly #sights: readonly Sight[];
  readonly #unknown: readonly Request[];
  /** The sight of the highest token up to which no way led. */
  unassigned: Sight | undefined;

  constructor(sights: readonly Sight[], unknown: readonly Request[]) {
    this.#sights = sights;
    this.#unknown = unknown;
  }

  *all(binding: Binding = new Map()): Generator<Binding, void> {
    const sight = this.#sights[binding.size];
    if (sight === undefined) return yield binding;
    const choices = this.#choices(sight, binding);
    if (choices.length === 0 && sight.token > (this.unassigned?.token ?? -1)) this.unassigned = sight;
    for (const request of choices) {
      yield* this.all(new Map([...binding, [request, { token: sight.token, at: sight.at }]]));
    }
  }

  #choices(sight: Sight, binding: Binding): readonly Request[] {
    const shapes = new Set<string>();
    return this.#unknown.filter((request) => {
      const { client, mode, permits } = request.call;
      const shape = `${mode} ${permits}`;
      if (client !== sight.client || request.invokedAt > sight.at || permits < (sight.count ?? 1)) return false;
      if (binding.has(request) || shapes.has(shape)) return false;
      shapes.add(shape);
      return true;
    });
  }
}

/** Sights that no answered grant explains, by rising tokens. */
function unexplained(operations: readonly Operation[], requests: readonly Request[]): readonly Sight[] {
  const known = new Set<string>();
  const owned = new Set<number>();
  for (const { call, outcome } of requests) {
    if (outcome.kind !== 'ok' || !outcome.result.granted) continue;
    known.add(`${outcome.result.token} ${call.client}`);
    owned.add(outcome.result.token);
  }
  const asked = new Set(requests.filter(({ outcome }) => outcome.kind === 'unknown').map(({ call }) => call.client));
  const sights = grouped(sightsOf(operations), ({ client, token }) => `${token} ${client}`);
  return [...sights]
    .flatMap(([key, [first]]) => {
      if (first === undefined || known.has(key)) return [];
      // If another client was granted that token, the search says better what is wrong.
      return owned.has(first.token) && !asked.has(first.client) ? [] : [first];
    })
    .sort((a, b) => a.token - b.token);
}

/** Who was seen with which token, the earliest first. */
function sightsOf(operations: readonly Operation[]): readonly Sight[] {
  const sights = operations.flatMap((by): readonly Sight[] => {
    if (by.outcome.kind !== 'ok') return [];
    const { at } = by.outcome;
    switch (by.f) {
      case 'holder':
        return by.outcome.result.holders.map(({ client, token, count }) => ({ client, token, count, at, by }));
      case 'release':
        if (!by.outcome.result.released) return [];
        return [{ client: by.call.client, token: by.call.token, count: by.call.permits, at, by }];
      case 'validate':
        if (!by.outcome.result.held) return [];
        return [{ client: by.call.client, token: by.call.token, count: undefined, at, by }];
      default:
        return [];
    }
  });
  return [...sights].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}
