export type { AcquireOptions } from './acquire-options.ts';
export * from './errors.ts';
export type { ClusterEvent, ClusterEvents, EventOptions, EventPosition } from './events.ts';
export { type HandleEvent, type HandleEvents, type HandleListener, LockHandle } from './handle.ts';
export { Holdfast, HoldfastClient, HoldfastNode } from './holdfast.ts';
export { DistributedLock } from './lock.ts';
export type { Logger } from './logger.ts';
export type { ConnectOptions, HoldfastOptions, LimitOptions } from './options.ts';
export type { LockProvider } from './provider.ts';
export { resetDataDir } from './reset-data-dir.ts';
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
