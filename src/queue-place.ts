import { BackendError } from './errors.ts';
import { errorOf } from './failure.ts';
import type { Logger } from './logger.ts';
import type { QueryOutcome } from './node/index.ts';

/** Where a request that waits stands in its queue. */
export interface QueuePlace {
  /** 1 is next. As the cluster said just before the call; it does not change by itself. */
  readonly position: number;
  /**
   * Asks the cluster again: where the request stands now, or `null` once it does not wait any more. One linearizable
   * question; rejects as `inspect` does.
   */
  refresh(): Promise<number | null>;
}

/** Told once of a request that has to wait. */
export type QueueListener = (place: QueuePlace) => void;

/** Asks where one request stands. */
export type AskPosition = (done: (outcome: QueryOutcome) => void) => void;

/**
 * Told each time that a request is said to wait; asks once where it stands and tells the listener, unless it waits no more
 * by then or the cluster cannot be asked. What the listener throws is logged and goes no further.
 */
export function queueTeller(listener: QueueListener, name: string, logger: Logger): (ask: AskPosition) => void {
  let isAsked = false;
  return (ask) => {
    if (isAsked) return;
    isAsked = true;
    const refresh = (): Promise<number | null> => positionBy(ask);
    const tell = (position: number | null): void => {
      if (position !== null) listener({ position, refresh });
    };
    refresh()
      .then(tell)
      .catch((err: unknown) =>
        logger.warn({ err, lock: name }, 'a place in a queue was not told, or its listener threw'),
      );
  };
}

const positionBy = (ask: AskPosition): Promise<number | null> =>
  new Promise((resolve, reject) => {
    ask((outcome) => {
      if (!outcome.ok) return reject(errorOf(outcome.failure));
      const { value } = outcome;
      if (value === null || (typeof value === 'number' && Number.isSafeInteger(value) && value > 0))
        return resolve(value);
      reject(new BackendError('the node answered in a form that this version does not know'));
    });
  });
