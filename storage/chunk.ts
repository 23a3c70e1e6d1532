import { crc32 } from 'node:zlib';
import { corrupt, type StorageError } from './errors.ts';
import type { Chunk, Row, SnapshotTotal } from './store.ts';

const chunkVersion = 1;
/** version, crc32 of all that follows it, number of rows */
const headBytes = 9;
const rowHeadBytes = 8;

/** What a row adds to a chunk. */
export const rowBytes = (row: Row): number => rowHeadBytes + row.key.length + row.value.length;

/** Packs rows into a chunk that carries its own checksum. */
export function encodeChunk(rows: readonly Row[]): Chunk {
  const chunk = Buffer.allocUnsafe(rows.reduce((bytes, row) => bytes + rowBytes(row), headBytes));
  chunk[0] = chunkVersion;
  chunk.writeUInt32BE(rows.length, 5);
  let at = headBytes;
  for (const { key, value } of rows) {
    chunk.writeUInt32BE(key.length, at);
    chunk.writeUInt32BE(value.length, at + 4);
    chunk.set(key, at + rowHeadBytes);
    chunk.set(value, at + rowHeadBytes + key.length);
    at += rowHeadBytes + key.length + value.length;
  }
  chunk.writeUInt32BE(crc32(chunk.subarray(5)), 1);
  return chunk;
}

/** The rows of a chunk, as views of it. Throws `CORRUPT_STORAGE` for anything but the output of `encodeChunk`. */
export function decodeChunk(bytes: Chunk): readonly Row[] {
  const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (chunk.length < headBytes || chunk[0] !== chunkVersion) throw corrupt('snapshot chunk of an unknown form');
  if (chunk.readUInt32BE(1) !== crc32(chunk.subarray(5))) throw corrupt('snapshot chunk fails its checksum');
  const rows: Row[] = [];
  let at = headBytes;
  for (let left = chunk.readUInt32BE(5); left > 0; left -= 1) {
    if (at + rowHeadBytes > chunk.length) throw corrupt('snapshot chunk ends within a row');
    const keyEnd = at + rowHeadBytes + chunk.readUInt32BE(at);
    const valueEnd = keyEnd + chunk.readUInt32BE(at + 4);
    if (valueEnd > chunk.length) throw corrupt('snapshot chunk ends within a row');
    rows.push({ key: chunk.subarray(at + rowHeadBytes, keyEnd), value: chunk.subarray(keyEnd, valueEnd) });
    at = valueEnd;
  }
  if (at !== chunk.length) throw corrupt('snapshot chunk has bytes after its last row');
  return rows;
}

/** Nothing sent yet. */
export const noChunks: SnapshotTotal = { chunks: 0, checksum: 0 };

/** `total` with one more chunk. Depends on the order of the chunks. */
export const addChunk = (total: SnapshotTotal, chunk: Chunk): SnapshotTotal => ({
  chunks: total.chunks + 1,
  checksum: crc32(chunk, total.checksum),
});

/** What is wrong with having received `received` where `sent` was sent; undefined if nothing. */
export const missing = (received: SnapshotTotal, sent: SnapshotTotal): StorageError | undefined =>
  received.chunks === sent.chunks && received.checksum === sent.checksum
    ? undefined
    : corrupt(`a snapshot of ${sent.chunks} chunks arrived as ${received.chunks}, or with other contents`);
