export type StorageErrorCode =
  /** Another process, or another store of this one, has the directory open. */
  | 'DATA_DIR_IN_USE'
  /** The path is a file, a link, or a directory that others may write to. */
  | 'DATA_DIR_UNSAFE'
  /** No permission, a read-only file system, or nothing can be created there. */
  | 'DATA_DIR_NOT_WRITABLE'
  /** The directory belongs to a node of another name. */
  | 'WRONG_NODE'
  /** The directory holds a log but no identity: it must not pass for an empty node. */
  | 'IDENTITY_LOST'
  /** Written by a newer version of this package, or by a build of it that was never released. */
  | 'NEWER_FORMAT'
  /** Bytes that do not agree with their checksum, or records that contradict each other. */
  | 'CORRUPT_STORAGE'
  /** Opening took longer than its limit. */
  | 'OPEN_TIMEOUT'
  /** The disk or LevelDB refused; `cause` tells how. What was asked may or may not have happened. */
  | 'BACKEND'
  /** A call that the contract of `Store` forbids: a bug of the caller. */
  | 'MISUSE'
  /** The store was closed. */
  | 'CLOSED';

/** All that a store reports. `message` says what was found and what to do about it. */
export class StorageError extends Error {
  readonly code: StorageErrorCode;

  constructor(code: StorageErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'StorageError';
    this.code = code;
  }
}

/** Stops the caller in its tracks when it breaks the contract. */
export function demand(condition: boolean, expectation: string): asserts condition {
  if (!condition) throw new StorageError('MISUSE', `storage: ${expectation}`);
}

export const corrupt = (what: string, cause?: unknown): StorageError =>
  new StorageError('CORRUPT_STORAGE', `${what}; this data must not be used: replace this member`, cause);
