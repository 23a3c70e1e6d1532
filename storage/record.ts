import { crc32 } from 'node:zlib';
import type { Entry, EntryKind, HardState, LogIndex, Position } from '../raft/index.ts';
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

/** One entry as it stands in the log: its payload is copied once, into the record. */
export function encodeEntry(owner: Owner, entry: Entry): Buffer {
  const { payload } = entry;
  const record = Buffer.allocUnsafe(entryHeadBytes + payload.length);
  record[0] = recordVersion;
  record[1] = kindNumber[entry.kind];
  record.writeUInt16BE(0, 2);
  record.writeUInt32BE(owner, 4);
  writeIndex(record, entry.term, 8);
  writeIndex(record, entry.index, 16);
  record.writeUInt32BE(payload.length, 24);
  record.writeUInt32BE(entry.chain, 28);
  record.writeUInt32BE(crc32(payload, crc32(record.subarray(0, crcAt))), crcAt);
  record.set(payload, entryHeadBytes);
  return record;
}

/** The entry that stands under `index`. Throws `CORRUPT_STORAGE` unless it is the one that was written there. */
export function decodeEntry(owner: Owner, index: LogIndex, record: Buffer): Entry {
  const what = `log entry ${index}`;
  if (record.length < entryHeadBytes) throw corrupt(`${what} is cut short`);
  const payload = new Uint8Array(record.buffer, record.byteOffset + entryHeadBytes, record.length - entryHeadBytes);
  if (record.readUInt32BE(crcAt) !== crc32(payload, crc32(record.subarray(0, crcAt)))) {
    throw corrupt(`${what} fails its checksum`);
  }
  if (record[0] !== recordVersion) throw corrupt(`${what} has an impossible format`);
  const kind = kinds[record[1] ?? kinds.length];
  if (kind === undefined) throw corrupt(`${what} has an unknown kind`);
  if (record.readUInt32BE(4) !== owner) throw corrupt(`${what} belongs to another node or another life of this one`);
  if (readIndex(record, 16) !== index) throw corrupt(`${what} says that it is entry ${readIndex(record, 16)}`);
  if (record.readUInt32BE(24) !== payload.length) throw corrupt(`${what} has another length than it says`);
  return { index, term: readIndex(record, 8), kind, payload, chain: record.readUInt32BE(28) };
}

const positionBytes = 20;

function writePosition(into: Buffer, position: Position, at: number): void {
  writeIndex(into, position.index, at);
  writeIndex(into, position.term, at + 8);
  into.writeUInt32BE(position.chain, at + 16);
}

const readPosition = (from: Buffer, at: number): Position => ({
  index: readIndex(from, at),
  term: readIndex(from, at + 8),
  chain: from.readUInt32BE(at + 16),
});

/** Where the log begins and ends, and the number of the table directory that counts. */
export interface StoredBounds extends LogBounds {
  readonly table: number;
}

export function encodeBounds(bounds: StoredBounds): Buffer {
  const body = Buffer.allocUnsafe(2 * positionBytes + 4);
  writePosition(body, bounds.base, 0);
  writePosition(body, bounds.last, positionBytes);
  body.writeUInt32BE(bounds.table, 2 * positionBytes);
  return body;
}

export function decodeBounds(body: Buffer): StoredBounds {
  if (body.length !== 2 * positionBytes + 4) throw corrupt('the bounds of the log have another length');
  const bounds = { base: readPosition(body, 0), last: readPosition(body, positionBytes) };
  if (bounds.last.index < bounds.base.index) throw corrupt('the log ends before it begins');
  return { ...bounds, table: body.readUInt32BE(2 * positionBytes) };
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
