import { CancelledError, wrongType } from './errors.ts';
import type { ElectionView, LeaderWatch } from './leader-watch.ts';

/** Until when to observe. */
export interface ObserveOptions {
  /** Ends it: the next step rejects with a `CancelledError` that has the reason as its `cause`. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Who leads, at first as it is, then each change. Reads as it is read: whoever is slow is told the latest, and not what it
 * missed. A step rejects once, with the error that ended it; after that, and after `return`, there is nothing more.
 */
export interface Leaders extends AsyncIterableIterator<ElectionView, undefined>, AsyncDisposable {
  /** Ends it; a step under way is told that there is nothing more. */
  return(): Promise<IteratorReturnResult<undefined>>;
  [Symbol.asyncIterator](): Leaders;
}

const over: IteratorReturnResult<undefined> = { done: true, value: undefined };

/** The iterator over one watch. */
export class LeaderReader implements Leaders {
  readonly #watch: LeaderWatch;
  readonly #signal: AbortSignal | undefined;
  /** Steps follow each other, as those of a generator do. */
  #last: Promise<unknown> = Promise.resolve();
  #isOver = false;
  /** To be told once. */
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;
  readonly #aborted = (): void => {
    this.#fail(new CancelledError('the signal of this observation aborted', { cause: this.#signal?.reason }));
  };

  /** Throws a TypeError for wrong options. */
  constructor(watch: LeaderWatch, options: ObserveOptions) {
    this.#watch = watch;
    this.#signal = checkObserveOptions(options);
    if (this.#signal?.aborted === true) this.#aborted();
    else this.#signal?.addEventListener('abort', this.#aborted);
  }

  next(): Promise<IteratorResult<ElectionView, undefined>> {
    const step = this.#last.then(() => this.#step());
    this.#last = step.catch(() => undefined);
    return step;
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.#failure = undefined;
    this.#end();
    return over;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  async #step(): Promise<IteratorResult<ElectionView, undefined>> {
    const view = this.#isOver ? undefined : await this.#sighting();
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure.error;
    return view === undefined || this.#isOver ? over : { done: false, value: view };
  }

  /** Undefined: it ended first. */
  #sighting(): Promise<ElectionView | undefined> {
    return new Promise((resolve) => {
      this.#wake = () => resolve(undefined);
      this.#watch.next((sighting) => {
        if (sighting.ok) return resolve(sighting.view);
        this.#fail(sighting.error);
      });
    });
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    this.#failure = { error };
    this.#end();
  }

  #end(): void {
    this.#isOver = true;
    this.#watch.close();
    this.#signal?.removeEventListener('abort', this.#aborted);
    this.#wake?.();
  }
}

const checkObserveOptions = (options: ObserveOptions): AbortSignal | undefined => {
  if (typeof options !== 'object' || options === null) throw wrongType('options must be an object');
  for (const key of Object.keys(options)) {
    if (key !== 'signal') throw wrongType(`unknown option ${JSON.stringify(key)}; observe takes signal`);
  }
  const { signal } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw wrongType('signal must be an AbortSignal');
  return signal;
};
