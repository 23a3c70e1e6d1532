import type { AcquireOptions } from './acquire-options.ts';
import { outOfRange, wrongType } from './errors.ts';
import { delayMsMax, holdMsMin, metadataBytesMax, validateMetadata } from './server/index.ts';
import type { HoldOptions } from './table/index.ts';

/** What the cluster is told of the hold, but for its secret; undefined if nothing. A TypeError or RangeError says what is wrong. */
export const checkHoldOptions = (options: AcquireOptions): HoldOptions | undefined => {
  const { metadata, maxQueueLength, maxHold, lockDelay, sticky = false } = options;
  const delayMs = lockDelay === undefined ? undefined : checkLockDelay(lockDelay);
  if (typeof sticky !== 'boolean') throw wrongType('sticky must be a boolean');
  const isBare = metadata === undefined && maxQueueLength === undefined && maxHold === undefined;
  if (isBare && delayMs === undefined && !sticky) return undefined;
  return {
    metadata: metadata === undefined ? undefined : checkMetadata(metadata),
    queueLengthMax: maxQueueLength === undefined ? undefined : checkCount(maxQueueLength, 'maxQueueLength'),
    holdMsMax: maxHold === undefined ? undefined : checkMaxHold(maxHold),
    delayMs,
    sticky: sticky || undefined,
  };
};

const checkMetadata = (metadata: unknown): string => {
  const bad = validateMetadata(metadata);
  if (bad === undefined && typeof metadata === 'string') return metadata;
  const text = `metadata must be at most ${metadataBytesMax} bytes of well-formed text; this is ${bad}`;
  throw typeof metadata === 'string' && bad?.startsWith('too long') === true ? outOfRange(text) : wrongType(text);
};

const checkCount = (count: unknown, what: string): number => {
  if (typeof count !== 'number') throw wrongType(`${what} must be a number, not ${typeof count}`);
  if (Number.isSafeInteger(count) && count >= 0) return count;
  throw outOfRange(`${what} must be a whole number, 0 or above, not ${count}`);
};

const checkMaxHold = (maxHold: unknown): number => {
  const ms = checkCount(maxHold, 'maxHold');
  if (ms >= holdMsMin) return ms;
  throw outOfRange(`maxHold must be ${holdMsMin} milliseconds or more, not ${ms}`);
};

/** 0 is none. */
const checkLockDelay = (lockDelay: unknown): number | undefined => {
  const ms = checkCount(lockDelay, 'lockDelay');
  if (ms <= delayMsMax) return ms === 0 ? undefined : ms;
  throw outOfRange(`lockDelay must be at most ${delayMsMax} milliseconds, not ${ms}`);
};
