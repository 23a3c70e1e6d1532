import { outOfRange, wrongType } from './errors.ts';

/** How long to wait, and when to stop waiting. */
export interface AcquireOptions {
  /**
   * Milliseconds to wait for the lock, 0 to 2^53 - 1; absent or `Infinity`: for ever. 0 makes one attempt. The call may
   * take up to 10 ms longer to learn what became of its request.
   */
  readonly timeout?: number | undefined;
  /** Aborting it ends the wait with a `CancelledError` whose `cause` is the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

const known: ReadonlySet<string> = new Set(['timeout', 'signal']);

/** The options of one acquire, or a TypeError or RangeError that says what is wrong with them. */
export const checkAcquireOptions = (
  options: AcquireOptions | undefined,
): { readonly timeout: number | undefined; readonly signal: AbortSignal | undefined } => {
  if (options === undefined) return { timeout: undefined, signal: undefined };
  if (typeof options !== 'object' || options === null) throw wrongType('options must be an object');
  for (const key of Object.keys(options)) {
    if (!known.has(key)) throw wrongType(`unknown option ${JSON.stringify(key)}; an acquire takes timeout and signal`);
  }
  const { timeout, signal } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw wrongType('signal must be an AbortSignal');
  return { timeout: checkTimeout(timeout), signal };
};

const checkTimeout = (timeout: unknown): number | undefined => {
  if (timeout === undefined || timeout === Number.POSITIVE_INFINITY) return undefined;
  if (typeof timeout !== 'number') throw wrongType(`timeout must be a number of milliseconds, not ${typeof timeout}`);
  if (timeout >= 0 && timeout <= Number.MAX_SAFE_INTEGER) return timeout;
  throw outOfRange(`timeout must be 0 to 2^53 - 1 milliseconds, not ${timeout}`);
};
