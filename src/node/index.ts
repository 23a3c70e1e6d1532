export { encodeBatch } from './batch-codec.ts';
export * from './cluster-event.ts';
export { diskLow } from './disk-space.ts';
export * from './gateway.ts';
export type { StartOutcome } from './life.ts';
export { type JournalSink, NodeJournal } from './node-journal.ts';
export type { Observer } from './observer.ts';
export { defaultNodeLimits, type Logger, type NodeLimits, type RuntimeOptions, type Timings } from './options.ts';
export { Runtime } from './runtime.ts';
