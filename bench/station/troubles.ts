/** More than this of one load means that there is nothing to measure. */
const troublesMax = 10_000;

/** Failed requests of one load: counted, and the first kept, for it tells most. */
export class Troubles {
  #count = 0;
  #first: string | undefined;

  get count(): number {
    return this.#count;
  }

  get first(): string | undefined {
    return this.#first;
  }

  add(error: unknown): void {
    this.#count += 1;
    this.#first ??= error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    if (this.#count > troublesMax) throw new Error(`${this.#count} requests failed, the first: ${this.#first}`);
  }
}
