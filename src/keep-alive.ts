const dayMs = 24 * 60 * 60 * 1_000;

/**
 * Keeps the process up until the returned function is called. All timers of a node or client are unreferenced, so
 * without this an `await` on a lock in an otherwise idle process would end it.
 */
export const keepAlive = (): (() => void) => {
  const interval = setInterval(() => undefined, dayMs);
  return () => clearInterval(interval);
};
