import type { ModelClaim } from '../../table/model-claims.ts';
import type { Ghost } from '../ghost.ts';
import type { Claim } from './law.ts';

/**
 * O11: whoever is told that somebody waits for what a hold has has not let go of it, and somebody did wait for it while it
 * stood in the log; the upgrade of the hold itself counts for nothing.
 */
export class ContentionLaw {
  readonly #ghost: Ghost;
  readonly #afterTurn: (look: () => void) => void;
  /** Tokens of holds that somebody has waited for. */
  readonly #wanted = new Set<number>();

  constructor(ghost: Ghost, afterTurn: (look: () => void) => void) {
    this.#ghost = ghost;
    this.#afterTurn = afterTurn;
  }

  /** After each command: all who hold or wait. */
  stands(claims: readonly ModelClaim[]): void {
    for (const waiter of claims) {
      if (waiter.token !== undefined) continue;
      for (const { name, token } of claims) {
        if (name === waiter.name && token !== undefined && token !== waiter.upgrades) this.#wanted.add(token);
      }
    }
  }

  told({ hold, by, isLetGo, isToldLost }: Claim): void {
    const { name, token } = hold;
    this.#ghost.count('contentions');
    const isOver = isLetGo || isToldLost;
    this.#ghost.demand(!isOver, 'O11', () => `${by.name} is told that ${name} (${token}) is wanted, which it has not`);
    // It may be said before the whole entry is known.
    this.#afterTurn(() =>
      this.#ghost.demand(this.#wanted.has(token), 'O11', () => `nobody waited for ${name} while ${token} held it`),
    );
  }
}
