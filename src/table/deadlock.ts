import type { CycleStep } from './command.ts';
import type { Claim, Lock } from './lock-row.ts';
import type { Owners } from './owners.ts';

/** One command must not keep all others waiting: some milliseconds. The same on every node, as it decides an answer. */
const looksMax = 20_000;

/** A waiter that the search came to, and by way of which other one. */
interface Visit {
  readonly claim: Claim;
  readonly from: Visit | undefined;
}

/**
 * The cycle of parties that a request closes by waiting: its waiters stand in their queues already. Undefined if there is
 * none. A party is an owner, or a claim without one; whoever waits does so for the holders that exclude him and for the
 * waiter ahead of him. Looks at each waiter once, in an order that the log alone decides, and finds a shortest cycle. A
 * walk that comes to more than `looksMax` claims is given up: the request waits.
 */
export function cycleThrough(request: readonly Claim[], owners: Owners): readonly CycleStep[] | undefined {
  const [first] = request;
  if (first === undefined || !mayCloseCycle(first, request.length, owners)) return undefined;
  const search = new Search(owners);
  const visits: Visit[] = request.map((claim) => ({ claim, from: undefined }));
  search.seen(request);
  let looks = 0;
  // The list grows while it is walked.
  for (const visit of visits) {
    for (const blocker of search.blockersOf(visit.claim)) {
      looks += 1;
      if (looks > looksMax) return undefined;
      if (isSameParty(blocker, first)) return stepsTo(visit);
      for (const claim of search.waitsOf(blocker)) visits.push({ claim, from: visit });
    }
  }
  return undefined;
}

/** Nobody waits for an owner that neither holds nor awaits anything but this. */
function mayCloseCycle({ terms }: Claim, parts: number, owners: Owners): boolean {
  if (terms?.upgrades !== undefined) return true;
  const row = terms?.owner === undefined ? undefined : owners.get(terms.owner);
  return row !== undefined && (row.holds > 0 || row.waits.size > parts);
}

/** An upgrade and the hold that it is for are one party, also without an owner. */
function isSameParty(one: Claim, other: Claim): boolean {
  const owner = one.terms?.owner;
  if (owner !== undefined || other.terms?.owner !== undefined) return owner === other.terms?.owner;
  return (one.terms?.upgrades ?? one) === (other.terms?.upgrades ?? other);
}

function stepsTo(last: Visit): readonly CycleStep[] {
  const steps: CycleStep[] = [];
  for (let visit: Visit | undefined = last; visit !== undefined; visit = visit.from) {
    const { terms, lock } = visit.claim;
    steps.push({ owner: terms?.owner ?? null, lock: lock.name });
  }
  return steps.reverse();
}

class Search {
  readonly #owners: Owners;
  readonly #seen = new Set<Claim>();
  /** Locks whose holders have been looked at: all of them, or those that exclude an upgradeable read. */
  readonly #walked = new Set<Lock>();
  readonly #walkedForUpgradeable = new Set<Lock>();

  constructor(owners: Owners) {
    this.#owners = owners;
  }

  seen(claims: readonly Claim[]): void {
    for (const claim of claims) this.#seen.add(claim);
  }

  /** Whom this waiter waits for, but for holders that others led to before. */
  blockersOf(claim: Claim): readonly Claim[] {
    const holders = this.#excluding(claim);
    return claim.ahead === undefined ? holders : [...holders, claim.ahead];
  }

  /** What the party of a blocker waits for itself, as far as it is new. */
  waitsOf(blocker: Claim): readonly Claim[] {
    const fresh = [...this.#allWaitsOf(blocker)].filter((claim) => !this.#seen.has(claim));
    this.seen(fresh);
    return fresh;
  }

  #allWaitsOf(blocker: Claim): Iterable<Claim> {
    const owner = blocker.terms?.owner;
    if (owner !== undefined) return this.#owners.get(owner)?.waits ?? [];
    if (blocker.token === 0) return blocker.terms?.group ?? [blocker];
    const upgrade = blocker.pendingUpgrade;
    return upgrade === undefined ? [] : [upgrade];
  }

  #excluding(claim: Claim): readonly Claim[] {
    const { lock, mode, terms } = claim;
    switch (mode) {
      case 'R':
        return lock.holders.head?.mode === 'W' ? [lock.holders.head] : [];
      case 'U':
        return this.#walk(lock, this.#walkedForUpgradeable).filter((holder) => holder.mode !== 'R');
      case 'X':
      case 'W':
      case 'S': {
        if (mode === 'S' && lock.hasPermits(claim.permits)) return [];
        // The hold that is to be upgraded is left out, so that others must look at it themselves.
        if (terms?.upgrades !== undefined) return [...lock.holders].filter((holder) => holder !== terms.upgrades);
        return this.#walk(lock, this.#walked);
      }
      default:
        return mode satisfies never;
    }
  }

  #walk(lock: Lock, walked: Set<Lock>): readonly Claim[] {
    if (walked.has(lock)) return [];
    walked.add(lock);
    return [...lock.holders];
  }
}
