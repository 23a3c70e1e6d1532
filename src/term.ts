import type { Leadership } from './leadership.ts';

/** What runs while somebody leads. */
export type Lead = (leadership: Leadership, stop: AbortSignal) => Promise<unknown> | unknown;

/** One term of one leader: his work, and the signal that ends it. */
export class Term {
  readonly #leadership: Leadership;
  readonly #lead: Lead;
  readonly #stop = new AbortController();

  constructor(leadership: Leadership, lead: Lead) {
    this.#leadership = leadership;
    this.#lead = lead;
  }

  /** `ended` is called once, never inside this call: when the work has ended, with its error if it is not that of `stop`. */
  run(ended: (failure?: { readonly error: unknown }) => void): void {
    const { signal } = this.#leadership;
    const lost = (): void => this.stop(signal.reason);
    if (signal.aborted) lost();
    else signal.addEventListener('abort', lost, { once: true });
    // What is lost or stopped by now is not even begun.
    const work = async (): Promise<unknown> =>
      this.#stop.signal.aborted ? undefined : this.#lead(this.#leadership, this.#stop.signal);
    Promise.resolve()
      .then(work)
      .then(
        () => ended(),
        (error: unknown) => (this.#isOfStop(error) ? ended() : ended({ error })),
      );
  }

  /** Tells the work to end; the first reason counts. */
  stop(reason: unknown): void {
    this.#stop.abort(reason);
  }

  /** Whoever passes `stop` on to what he calls gets its reason back, or an error that has it as its cause. */
  #isOfStop(error: unknown): boolean {
    const { aborted, reason } = this.#stop.signal;
    if (!aborted) return false;
    if (error === reason) return true;
    return error instanceof Error && (error.name === 'AbortError' || error.cause === reason);
  }
}
