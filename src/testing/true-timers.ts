/**
 * The timers of Node as they were when this was loaded: a test that fakes them (`vi.useFakeTimers`, `mock.timers`) must
 * not stop the cluster along with them.
 */
const { setImmediate, clearImmediate, setTimeout, clearTimeout } = globalThis;
const performanceNow: () => number = performance.now.bind(performance);
const dateNow: () => number = Date.now;

export const trueTimers: {
  readonly setImmediate: typeof globalThis.setImmediate;
  readonly clearImmediate: typeof globalThis.clearImmediate;
  readonly setTimeout: typeof globalThis.setTimeout;
  readonly clearTimeout: typeof globalThis.clearTimeout;
  readonly performanceNow: () => number;
  readonly dateNow: () => number;
} = { setImmediate, clearImmediate, setTimeout, clearTimeout, performanceNow, dateNow };

/** Lets all promises that can go on do so, and what came in from outside be heard. */
export const breath = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
