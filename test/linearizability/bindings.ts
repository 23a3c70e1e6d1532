import { grouped } from './grouped.ts';
import type { Operation } from './history.ts';
import { grantsOf, partsOf, type Request, requestsIn } from './requests.ts';

/**
 * Which requests of unknown outcome were granted which tokens, and when that was seen first. Of several locks it is the
 * first one's token.
 */
export type Binding = ReadonlyMap<Request, { readonly token: number; readonly at: bigint }>;

/** A token seen in somebody's hands. */
export interface Sight {
  readonly name: string;
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
  const requests = requestsIn(operations);
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

  *all(binding: Binding = new Map(), at = 0): Generator<Binding, void> {
    const sight = this.#sights[at];
    if (sight === undefined) return yield binding;
    if (isExplained(sight, binding)) return yield* this.all(binding, at + 1);
    const choices = this.#choices(sight, binding);
    if (choices.length === 0 && sight.token > (this.unassigned?.token ?? -1)) this.unassigned = sight;
    for (const { request, token } of choices) {
      yield* this.all(new Map([...binding, [request, { token, at: sight.at }]]), at + 1);
    }
  }

  #choices(sight: Sight, binding: Binding): readonly { readonly request: Request; readonly token: number }[] {
    const shapes = new Set<string>();
    return this.#unknown.flatMap((request) => {
      if (request.call.client !== sight.client || request.invokedAt > sight.at || binding.has(request)) return [];
      const parts = partsOf(request);
      const place = parts.findIndex(({ name, permits }) => name === sight.name && permits >= (sight.count ?? 1));
      const ofHold = request.f === 'upgrade' ? request.call.token : '';
      const shape = JSON.stringify([ofHold, parts.map(({ name, mode, permits }) => [name, mode, permits])]);
      // Tokens begin at 1, those of the parts before this one as well.
      if (place < 0 || sight.token <= place || shapes.has(shape)) return [];
      shapes.add(shape);
      return [{ request, token: sight.token - place }];
    });
  }
}

/** Whether a request for several locks that was granted another of them was granted this one with it. */
function isExplained({ name, client, token }: Sight, binding: Binding): boolean {
  for (const [request, { token: first }] of binding) {
    if (request.call.client === client && partsOf(request)[token - first]?.name === name) return true;
  }
  return false;
}

/** Sights that no answered grant explains, by rising tokens. */
function unexplained(operations: readonly Operation[], requests: readonly Request[]): readonly Sight[] {
  const known = new Set<string>();
  const owned = new Set<string>();
  for (const { name, client, token } of grantsOf(requests)) {
    known.add(`${token} ${client} ${name}`);
    owned.add(`${token} ${name}`);
  }
  const asked = new Set(requests.filter(({ outcome }) => outcome.kind === 'unknown').map(({ call }) => call.client));
  const sights = grouped(sightsOf(operations), ({ name, client, token }) => `${token} ${client} ${name}`);
  return [...sights]
    .flatMap(([key, [first]]) => {
      if (first === undefined || known.has(key)) return [];
      // If another client was granted that token, the search says better what is wrong.
      return owned.has(`${first.token} ${first.name}`) && !asked.has(first.client) ? [] : [first];
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
        return by.outcome.result.holders.map((holder) => ({ ...sightOf(holder, by.call.name), at, by }));
      case 'release':
        if (!by.outcome.result.released) return [];
        return [{ ...sightOf({ ...by.call, count: by.call.permits }, by.call.name), at, by }];
      case 'downgrade':
        if (!by.outcome.result.done) return [];
        return [{ ...sightOf(by.call, by.call.name), at, by }];
      case 'upgrade':
        if (!by.outcome.result.granted && by.outcome.result.reason !== 'held') return [];
        return [{ ...sightOf(by.call, by.call.name), at, by }];
      case 'validate':
        if (!by.outcome.result.held) return [];
        return [{ ...sightOf(by.call, by.call.name), at, by }];
      default:
        return [];
    }
  });
  return [...sights].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

const sightOf = (
  { client, token, count }: { readonly client: string; readonly token: number; readonly count?: number | undefined },
  name: string,
) => ({ name, client, token, count });
