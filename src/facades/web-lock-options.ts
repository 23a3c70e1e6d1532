import { wrongType } from '../errors.ts';

/** Whether others may hold the lock at the same time. */
export type WebLockMode = 'exclusive' | 'shared';

/** As in the Web Locks API; members that are not listed here are ignored, as there. */
export interface WebLockOptions {
  /** Default `exclusive`. */
  readonly mode?: WebLockMode | undefined;
  /** Call back at once, with `null` when the lock is held or waited for. Default false. Not together with `signal`. */
  readonly ifAvailable?: boolean | undefined;
  /** Take the lock from its holders at once, ahead of all who wait; their requests reject with an `AbortError`. Default false. */
  readonly steal?: boolean | undefined;
  /** Aborting it before the grant withdraws the request; afterwards it is ignored. */
  readonly signal?: AbortSignal | undefined;
}

/** The options of one request, complete. */
export interface WebLockWish {
  readonly mode: WebLockMode;
  readonly ifAvailable: boolean;
  readonly steal: boolean;
  readonly signal: AbortSignal | undefined;
}

/** Converts as the bindings of the Web Locks API do: throws a TypeError for what is no option. */
export const convertOptions = (options: unknown): WebLockWish => {
  if (options !== undefined && options !== null && typeof options !== 'object' && typeof options !== 'function') {
    throw wrongType(`options must be an object, not ${typeof options}`);
  }
  const given: Readonly<Record<string, unknown>> = { ...options };
  const { mode = 'exclusive', ifAvailable, steal, signal } = given;
  if (mode !== 'exclusive' && mode !== 'shared') {
    throw wrongType(`mode must be "exclusive" or "shared", not ${String(mode)}`);
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw wrongType('signal must be an AbortSignal');
  return { mode, ifAvailable: Boolean(ifAvailable), steal: Boolean(steal), signal };
};

/** What the specification refuses, in its order; undefined when the request may go on. */
export const refusalOf = (name: string, { mode, ifAvailable, steal, signal }: WebLockWish): unknown => {
  if (name.startsWith('-')) return notSupported('names that begin with "-" are reserved');
  if (steal && ifAvailable) return notSupported('steal and ifAvailable exclude each other');
  if (steal && mode !== 'exclusive') return notSupported('steal is for exclusive locks only');
  if (signal !== undefined && (steal || ifAvailable)) {
    return notSupported('signal cannot be used with steal or ifAvailable');
  }
  return signal?.aborted === true ? signal.reason : undefined;
};

/** The error for what cannot be done, by the specification or yet. */
export const notSupported = (message: string): DOMException => new DOMException(message, 'NotSupportedError');
