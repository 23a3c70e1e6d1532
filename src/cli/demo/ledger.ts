/** One stay in a critical section, on the clock that all processes of this host share, in milliseconds. */
interface Stay {
  readonly node: string;
  readonly lock: string;
  readonly token: number;
  readonly enteredAt: number;
  /** Absent while inside. */
  leftAt: number | undefined;
}

/** Two stays under one lock at the same time. */
export interface Overlap {
  readonly lock: string;
  readonly tokens: readonly [number, number];
}

/** Who was inside when, as told by the processes themselves and by the ends of those that were killed. */
export class Ledger {
  readonly #stays: Stay[] = [];
  readonly #inside: Map<number, Stay> = new Map();

  entered(node: string, stay: { readonly lock: string; readonly token: number; readonly at: number }): void {
    const { lock, token, at } = stay;
    const entry: Stay = { node, lock, token, enteredAt: at, leftAt: undefined };
    this.#stays.push(entry);
    this.#inside.set(token, entry);
  }

  left(token: number, at: number): void {
    const stay = this.#inside.get(token);
    if (stay !== undefined) stay.leftAt = at;
    this.#inside.delete(token);
  }

  /** A process is gone, and whatever it was doing with it. */
  died(node: string, at: number): void {
    for (const [token, stay] of this.#inside) if (stay.node === node) this.left(token, at);
  }

  get grants(): number {
    return this.#stays.length;
  }

  /** How many entered at or after `at`; with `node`, only there. */
  grantsSince(at: number, node?: string): number {
    return this.#stays.filter((stay) => stay.enteredAt >= at && (node === undefined || stay.node === node)).length;
  }

  /** The first to enter at or after `at`. */
  firstSince(at: number): { readonly node: string; readonly at: number } | undefined {
    const next = this.#inOrder().find(({ enteredAt }) => enteredAt >= at);
    return next === undefined ? undefined : { node: next.node, at: next.enteredAt };
  }

  overlaps(): readonly Overlap[] {
    return this.#locks().flatMap((stays) =>
      successive(stays).flatMap(([one, next]) =>
        (one.leftAt ?? Number.POSITIVE_INFINITY) > next.enteredAt
          ? [{ lock: one.lock, tokens: [one.token, next.token] as const }]
          : [],
      ),
    );
  }

  /** Whether tokens of every lock rise from each holder to the next, and none was given twice anywhere. */
  get tokensRise(): boolean {
    const isRising = this.#locks().every((stays) => successive(stays).every(([one, next]) => one.token < next.token));
    return isRising && new Set(this.#stays.map(({ token }) => token)).size === this.#stays.length;
  }

  /** The longest time in which nobody entered anywhere, between the first entry and the last. */
  longestGapMs(): number {
    return Math.max(0, ...successive(this.#inOrder()).map(([one, next]) => next.enteredAt - one.enteredAt));
  }

  #inOrder(): readonly Stay[] {
    return this.#stays.toSorted((one, other) => one.enteredAt - other.enteredAt);
  }

  #locks(): readonly (readonly Stay[])[] {
    const locks = new Map<string, Stay[]>();
    for (const stay of this.#inOrder()) {
      const stays = locks.get(stay.lock);
      if (stays === undefined) locks.set(stay.lock, [stay]);
      else stays.push(stay);
    }
    return [...locks.values()];
  }
}

const successive = (stays: readonly Stay[]): readonly (readonly [Stay, Stay])[] =>
  stays.slice(1).flatMap((next, at) => {
    const one = stays[at];
    return one === undefined ? [] : [[one, next] as const];
  });
