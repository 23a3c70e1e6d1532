import { FencedError, wrongType } from '../errors.ts';
import type { Fence } from './fence.ts';
import { checkToken } from './token.ts';

/** The name of the header, in lower case as Node gives it. Its value is the token in decimal. */
export const fencingHeader = 'fencing-token';

/** Headers of `fetch`, or of Node's `IncomingMessage`. */
export type HeadersLike =
  | { get(name: string): string | null }
  | Readonly<Record<string, string | readonly string[] | undefined>>;

/** `missing`: there is none. `repeated`: there are several. `malformed`: no whole number from 1 to 2^53 - 1 in decimal. */
export type FencingHeaderFault = 'missing' | 'repeated' | 'malformed';

/** A request without a usable fencing token. It is the sender's fault, and nothing of it was done. */
export class FencingHeaderError extends Error {
  readonly code = 'FENCING_HEADER' as const;
  readonly fault: FencingHeaderFault;

  constructor(message: string, fault: FencingHeaderFault) {
    super(message);
    this.fault = fault;
  }

  override get name(): string {
    return 'FencingHeaderError';
  }
}

/** For the sender: the headers that carry a token. A handle will do. Throws a TypeError or RangeError for no token. */
export const fencingHeaders = (
  from: number | { readonly fencingToken: number },
): Readonly<Record<typeof fencingHeader, string>> => {
  const token = typeof from === 'object' && from !== null ? from.fencingToken : from;
  return { [fencingHeader]: String(checkToken(token)) };
};

/** For the receiver: the token of a request. Throws a `FencingHeaderError` if there is not exactly one. */
export const readFencingToken = (headers: HeadersLike): number => {
  const values = valuesOf(headers);
  const [text, ...more] = values;
  if (text === undefined) throw new FencingHeaderError(`a header ${fencingHeader} is needed`, 'missing');
  // Both ways of reading headers join repeated ones by a comma.
  if (more.length > 0 || text.includes(',')) {
    throw new FencingHeaderError(`one header ${fencingHeader} is needed, and there are several`, 'repeated');
  }
  const token = /^[1-9][0-9]{0,15}$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(token)) return token;
  const shown = JSON.stringify(text.slice(0, 32));
  throw new FencingHeaderError(`${fencingHeader} must be a whole number from 1 to 2^53 - 1, not ${shown}`, 'malformed');
};

/** `readFencingToken` and `fence.admit` in one: gives the token, or throws what either of them throws. */
export const admitRequest = (fence: Fence, resource: string, headers: HeadersLike): number => {
  const token = readFencingToken(headers);
  fence.admit(resource, token);
  return token;
};

/**
 * The status that tells the sender: 428 for a missing token, 400 for one that is no token, 412 for one that is too low;
 * undefined for any other error.
 */
export const fencingStatusOf = (error: unknown): 400 | 412 | 428 | undefined => {
  if (error instanceof FencedError) return 412;
  if (error instanceof FencingHeaderError) return error.fault === 'missing' ? 428 : 400;
  return undefined;
};

const valuesOf = (headers: HeadersLike): readonly string[] => {
  if (typeof headers !== 'object' || headers === null) throw wrongType('headers must be an object');
  const value = hasGet(headers) ? headers.get(fencingHeader) : headers[fencingHeader];
  if (value === undefined || value === null) return [];
  return typeof value === 'string' ? [value] : value;
};

const hasGet = (headers: HeadersLike): headers is { get(name: string): string | null } =>
  typeof headers.get === 'function';
