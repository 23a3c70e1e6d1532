export { chainOf } from './chain.ts';
export { addChunk, noChunks } from './chunk.ts';
export { StorageError, type StorageErrorCode } from './errors.ts';
export { LevelStore, type LevelStoreOptions } from './level-store.ts';
export {
  MemoryDisk,
  type MemoryFault,
  type MemoryImage,
  type MemoryLog,
  type MemoryRows,
  type MemoryTable,
  type MemoryWrite,
  type MemoryWriteKind,
} from './memory-disk.ts';
export { MemoryStore, type MemoryStoreOptions } from './memory-store.ts';
export { resetDataDir } from './quarantine.ts';
export * from './store.ts';
export type { After } from './watermark.ts';
