export type { AcquireOptions, ReentrantOptions } from './acquire-options.ts';
export { CompositeHandle, type PartHandle } from './composite.ts';
export { type CampaignOptions, Election, type RunOptions } from './election.ts';
export * from './errors.ts';
export type { ClusterEvent, ClusterEvents, EventOptions, EventPosition } from './events.ts';
export type { AttachOptions, HoldTicket } from './hand-over.ts';
export { type HandleEvent, type HandleEvents, type HandleListener, LockHandle } from './handle.ts';
export type { HoldReference } from './hold-reference.ts';
export { Holdfast, HoldfastClient, HoldfastNode } from './holdfast.ts';
export type { Leaders, ObserveOptions } from './leader-reader.ts';
export type { ElectionView, LedView, VacantView } from './leader-watch.ts';
export { Leadership } from './leadership.ts';
export type { GuardOptions } from './limit-change.ts';
export { DistributedLock } from './lock.ts';
export type { LockProvider } from './lock-provider.ts';
export type { LockRequest } from './lock-requests.ts';
export type { Logger } from './logger.ts';
export type { HoldersMeant, HoldersOptions, LockOperations, OperatorOptions } from './operators.ts';
export type { ConnectOptions, HoldfastOptions, LimitOptions } from './options.ts';
export type { QueueListener, QueuePlace } from './queue-place.ts';
export { ReaderWriterHandle, type ReaderWriterMode } from './reader-writer-handle.ts';
export { DistributedReaderWriterLock } from './reader-writer-lock.ts';
export { DistributedRegister, type RegisterEntry, type RegisterWrite, type RegisterWriteOptions } from './register.ts';
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
