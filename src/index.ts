export type { AcquireOptions, ReentrantOptions } from './acquire-options.ts';
export { CompositeHandle, type PartHandle } from './composite.ts';
export * from './errors.ts';
export type { ClusterEvent, ClusterEvents, EventOptions, EventPosition } from './events.ts';
export { type HandleEvent, type HandleEvents, type HandleListener, LockHandle } from './handle.ts';
export { Holdfast, HoldfastClient, HoldfastNode } from './holdfast.ts';
export { DistributedLock } from './lock.ts';
export type { LockRequest } from './lock-requests.ts';
export type { Logger } from './logger.ts';
export type { HoldersMeant, HoldersOptions, LockOperations, OperatorOptions } from './operators.ts';
export type { ConnectOptions, HoldfastOptions, LimitOptions } from './options.ts';
export type { LockProvider } from './provider.ts';
export { ReaderWriterHandle, type ReaderWriterMode } from './reader-writer-handle.ts';
export { DistributedReaderWriterLock } from './reader-writer-lock.ts';
export { resetDataDir } from './reset-data-dir.ts';
export { DistributedSemaphore, SemaphoreHandle, type SemaphoreOptions } from './semaphore.ts';
export type {
  AsOf,
  Consistency,
  HolderView,
  ListOptions,
  LockInspection,
  LockList,
  LockSummary,
  LockView,
  NodeStatus,
  QueryOptions,
  SessionList,
  SessionView,
  WaiterView,
} from './views.ts';
