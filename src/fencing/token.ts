import { outOfRange, wrongType } from '../errors.ts';

/** A fencing token as given by a caller: throws a TypeError or RangeError unless it is a whole number from 1 to 2^53 - 1. */
export const checkToken = (token: unknown): number => {
  if (typeof token !== 'number') throw wrongType(`a fencing token must be a number, not ${typeof token}`);
  if (Number.isSafeInteger(token) && token >= 1) return token;
  throw outOfRange(`a fencing token must be a whole number from 1 to 2^53 - 1, not ${token}`);
};
