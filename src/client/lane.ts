/** Things that are sent a few at a time, in order; the others wait. */
export class Lane<T> {
  readonly #underWayMax: number;
  readonly #waiting = new Map<number, T>();
  readonly #underWay = new Map<number, T>();

  constructor(underWayMax: number) {
    this.#underWayMax = underWayMax;
  }

  add(id: number, thing: T): void {
    this.#waiting.set(id, thing);
  }

  /** Nobody waits for it any more. */
  delete(id: number): void {
    this.#waiting.delete(id);
    this.#underWay.delete(id);
  }

  /** Whatever was sent got lost: it is to be sent again, before those that waited. */
  restart(): void {
    const all = [...this.#underWay, ...this.#waiting];
    this.#underWay.clear();
    this.#waiting.clear();
    for (const [id, thing] of all) this.#waiting.set(id, thing);
  }

  /** The next to be sent, which is under way from now on; undefined while there is no room for it. */
  next(): { readonly id: number; readonly thing: T } | undefined {
    if (this.#underWay.size >= this.#underWayMax) return undefined;
    for (const [id, thing] of this.#waiting) {
      this.#waiting.delete(id);
      this.#underWay.set(id, thing);
      return { id, thing };
    }
    return undefined;
  }
}
