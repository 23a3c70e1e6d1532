import type { Claim } from './lock-row.ts';

/** What one owner holds and awaits. */
export interface OwnerRow {
  holds: number;
  /** In the order of arrival. */
  readonly waits: Set<Claim>;
}

/** Who, of those with a name, holds or awaits anything. Kept beside the locks, so that looking one up costs no walk. */
export class Owners {
  readonly #rows = new Map<string, OwnerRow>();

  get(owner: string): OwnerRow | undefined {
    return this.#rows.get(owner);
  }

  /** A claim with an owner has come: a hold, or else a waiter. */
  add(owner: string, claim: Claim): void {
    const row = this.#rows.get(owner) ?? { holds: 0, waits: new Set() };
    this.#rows.set(owner, row);
    if (claim.token > 0) row.holds += 1;
    else row.waits.add(claim);
  }

  /** It is about to go, as what it is. */
  remove(owner: string, claim: Claim): void {
    const row = this.#rows.get(owner);
    if (row === undefined) return;
    if (claim.token > 0) row.holds -= 1;
    else row.waits.delete(claim);
    if (row.holds === 0 && row.waits.size === 0) this.#rows.delete(owner);
  }
}
