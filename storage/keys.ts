import type { LogIndex } from '../raft/index.ts';
import { readIndex, writeIndex } from './chain.ts';

/** First bytes of keys. Never renumbered: they are on disks. */
const tag = { bounds: 0x01, hardState: 0x02, entry: 0x10, head: 0x20, row: 0x30 } as const;

/** Where the log begins and ends, and which table counts. */
export const boundsKey: Buffer = Buffer.of(tag.bounds);
export const hardStateKey: Buffer = Buffer.of(tag.hardState);
/** The checkpoint that the rows are a picture of; in the table's database, before the rows. */
export const headKey: Buffer = Buffer.of(tag.head);

/** Big-endian and of one width, so that LevelDB's order is the log's. */
export function entryKey(index: LogIndex): Buffer {
  const key = Buffer.allocUnsafe(9);
  key[0] = tag.entry;
  writeIndex(key, index, 1);
  return key;
}

/** The index of an entry's key, or undefined for any other key. */
export const entryIndexOf = (key: Buffer): LogIndex | undefined =>
  key.length === 9 && key[0] === tag.entry ? readIndex(key, 1) : undefined;

/** Above every entry's key, below every other tag in use. */
export const entriesEnd: Buffer = Buffer.of(tag.entry + 1);

/** Rows stand under a tag of their own, so that no row can pass for what this floor keeps beside them. */
export function rowKey(key: Uint8Array): Buffer {
  const tagged = Buffer.allocUnsafe(key.length + 1);
  tagged[0] = tag.row;
  tagged.set(key, 1);
  return tagged;
}

export const rowsBegin: Buffer = Buffer.of(tag.row);
export const rowsEnd: Buffer = Buffer.of(tag.row + 1);

/** What a key stands for, for people. */
export function nameOf(key: Buffer): string {
  if (key.equals(boundsKey)) return '"bounds of the log"';
  if (key.equals(hardStateKey)) return '"hard state"';
  if (key.equals(headKey)) return '"head of the table"';
  return key[0] === tag.row ? `of row ${key.toString('hex', 1)}` : key.toString('hex');
}
