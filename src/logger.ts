import type { Logger } from './node/index.ts';

export type { Logger };

/** The library says nothing unless it is given a logger. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
