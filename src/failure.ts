import {
  BackendError,
  ConnectionError,
  CorruptStorageError,
  DataDirInUseError,
  LimitExceededError,
  type LockError,
  type LockErrorInit,
  NotReadyError,
  OverloadedError,
  outOfRange,
  QuarantinedError,
  SessionExpiredError,
  ShuttingDownError,
  WrongClusterError,
} from './errors.ts';
import type { Failure } from './node/index.ts';

/** A gateway's failure as the error that its caller gets. */
export const errorOf = (failure: Failure, init: LockErrorInit = {}): LockError | RangeError => {
  const { code, text } = failure;
  switch (code) {
    case 'BACKEND':
      return new BackendError(text, init);
    case 'CONNECTION':
      return new ConnectionError(text, init);
    case 'SHUTTING_DOWN':
      return new ShuttingDownError(text, init);
    case 'NOT_READY':
      return new NotReadyError(text, init);
    case 'QUARANTINED':
      return new QuarantinedError(text, init);
    case 'OVERLOADED':
      return new OverloadedError(text, init);
    case 'LIMIT_EXCEEDED':
      return new LimitExceededError(text, init);
    case 'SESSION_EXPIRED':
      return new SessionExpiredError(text, init);
    case 'CORRUPT_STORAGE':
      return new CorruptStorageError(text, init);
    case 'DATA_DIR_IN_USE':
      return new DataDirInUseError(text, init);
    case 'WRONG_CLUSTER':
      return new WrongClusterError(text, init);
    case 'INVALID_ARGUMENT':
      return outOfRange(text);
    default:
      return code satisfies never;
  }
};
