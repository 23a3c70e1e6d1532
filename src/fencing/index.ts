export { FencedError, type FencedErrorInit } from '../errors.ts';
export { createFence, Fence, type FenceOptions } from './fence.ts';
export {
  admitRequest,
  FencingHeaderError,
  type FencingHeaderFault,
  fencingHeader,
  fencingHeaders,
  fencingStatusOf,
  type HeadersLike,
  readFencingToken,
} from './http.ts';
export {
  assertAdmitted,
  type FenceParts,
  fenceParts,
  type GuardedStatement,
  type GuardedUpdate,
  type GuardedUpsert,
  guardedUpdate,
  guardedUpsert,
  type SqlColumns,
  type SqlDialect,
  type SqlStatement,
} from './sql.ts';
