import { crc32 } from 'node:zlib';
import type { Entry, EntryKind, HardState, Position } from '../raft/index.ts';
import { kindNumber, readIndex, writeIndex } from './chain.ts';
import { corrupt } from './errors.ts';
import { nameOf } from './keys.ts';
import type { LogBounds } from './log-plan.ts';

/** The form of all records of this floor. With another one, `identity.json` has another format, and is read first. */
export const recordVersion = 1;

/** Says whose a record is: records of another life of this directory, or of another's, do not pass. */
export type Owner = number;

export const ownerOf = (clusterId: string, incarnation: string): Owner => crc32(`${clusterId}/${incarnation}`);

const sealBytes = 9;

/** `body` under a head of version, owner, and a crc32 that also covers the key. */
export function seal(key: Uint8Array, owner: Owner, body: Uint8Array): Buffer {
  const record = Buffer.allocUnsafe(sealBytes + body.length);
  record[0] = recordVersion;
  record.writeUInt32BE(owner, 1);
  record.writeUInt32BE(sealOf(key, owner, body), 5);
  record.set(body, sealBytes);
  return record;
}

/** The checksum that `seal` writes; it begins with the owner, so that it is none of another's. */
const sealOf = (key: Uint8Array, owner: Owner, body: Uint8Array): number => crc32(body, crc32(key, owner));

/** The body of a sealed record, as a view. Throws `CORRUPT_STORAGE` if it is not what was sealed under `key`. */
export function unseal(key: Buffer, owner: Owner, record: Buffer): Buffer {
  if (record.length < sealBytes) throw corrupt(`the record ${nameOf(key)} is cut short`);
  if (record[0] !== recordVersion) throw corrupt(`the record ${nameOf(key)} has an impossible format`);
  const body = record.subarray(sealBytes);
  if (record.readUInt32BE(1) !== owner || record.readUInt32BE(5) !== sealOf(key, owner, body)) {
    throw corrupt(`the record ${nameOf(key)} fails its checksum, or is another node's`);
  }
  return body;
}

/** The checksum in a sealed record's head. */
export const sealedCrc = (record: Buffer): number => record.readUInt32BE(5);

/** version, kind, two spare bytes, owner, term, index, payload length, chain, crc32 */
const entryHeadBytes = 36;
const crcAt = 32;
const kinds: readonly EntryKind[] = ['noop', 'configuration', 'commands'];

/** Bytes that are being filled, one record after the other. */
export interface Filling {
  readonly bytes: Buffer;
  at: number;
}

/** What `writeEntry` adds. */
export const entryBytes = (entry: Entry): number => entryHeadBytes + entry.payload.length;

/** Puts one entry as it stands in the log: its payload is copied once, into its place. */
export function writeEntry(into: Filling, owner: Owner, entry: Entry): void {
  const { bytes, at } = into;
  const { payload } = entry;
  bytes[at] = recordVersion;
  bytes[at + 1] = kindNumber[entry.kind];
  bytes.writeUInt16BE(0, at + 2);
  bytes.writeUInt32BE(owner, at + 4);
  writeIndex(bytes, entry.term, at + 8);
  writeIndex(bytes, entry.index, at + 16);
  bytes.writeUInt32BE(payload.length, at + 24);
  bytes.writeUInt32BE(entry.chain, at + 28);
  bytes.writeUInt32BE(crc32(payload, crc32(bytes.subarray(at, at + crcAt))), at + crcAt);
  bytes.set(payload, at + entryHeadBytes);
  into.at = at + entryHeadBytes + payload.length;
}

/** How long the entry is that begins at `at`, by its own word, which may be wrong; undefined if its head is cut short. */
export const entryLengthAt = (bytes: Buffer, at: number): number | undefined =>
  at + entryHeadBytes > bytes.length ? undefined : entryHeadBytes + bytes.readUInt32BE(at + 24);

/** The entry that `record` is, its payload a view of it. Throws `CORRUPT_STORAGE` unless `writeEntry` made it, for this owner. */
export function decodeEntry(owner: Owner, record: Buffer): Entry {
  if (record.length < entryHeadBytes) throw corrupt('a log entry is cut short');
  const index = readIndex(record, 16);
  const what = `log entry ${index}`;
  const payload = new Uint8Array(record.buffer, record.byteOffset + entryHeadBytes, record.length - entryHeadBytes);
  if (record.readUInt32BE(crcAt) !== crc32(payload, crc32(record.subarray(0, crcAt)))) {
    throw corrupt(`${what} fails its checksum`);
  }
  if (record[0] !== recordVersion) throw corrupt(`${what} has an impossible format`);
  const kind = kinds[record[1] ?? kinds.length];
  if (kind === undefined) throw corrupt(`${what} has an unknown kind`);
  if (record.readUInt32BE(4) !== owner) throw corrupt(`${what} belongs to another node or another life of this one`);
  if (record.readUInt32BE(24) !== payload.length) throw corrupt(`${what} has another length than it says`);
  return { index, term: readIndex(record, 8), kind, payload, chain: record.readUInt32BE(28) };
}

export const positionBytes = 20;

export function writePosition(into: Buffer, position: Position, at: number): void {
  writeIndex(into, position.index, at);
  writeIndex(into, position.term, at + 8);
  into.writeUInt32BE(position.chain, at + 16);
}

export const readPosition = (from: Buffer, at: number): Position => ({
  index: readIndex(from, at),
  term: readIndex(from, at + 8),
  chain: from.readUInt32BE(at + 16),
});

/** Where the log begins and ends, and the number of the table directory that counts. */
export interface StoredBounds extends LogBounds {
  readonly table: number;
}

/** Term, then the vote, if one was cast. */
export function encodeHardState({ term, votedFor }: HardState): Buffer {
  const vote = votedFor === undefined ? Buffer.of(0) : Buffer.from(`\u0001${votedFor}`, 'utf8');
  const body = Buffer.allocUnsafe(8 + vote.length);
  writeIndex(body, term, 0);
  body.set(vote, 8);
  return body;
}

export function decodeHardState(body: Buffer): HardState {
  if (body.length < 9 || (body[8] ?? 2) > 1) throw corrupt('the hard state has an impossible form');
  return { term: readIndex(body, 0), votedFor: body[8] === 0 ? undefined : body.toString('utf8', 9) };
}
