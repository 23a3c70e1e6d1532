import { corrupt } from './errors.ts';
import { Fields } from './fields.ts';
import { readLog } from './leveldb-log.ts';

/** What LevelDB's MANIFEST says of a database: which files it consists of. */
export interface Manifest {
  /** Write-ahead logs from this number on are not yet in table files; 0: none was ever written. */
  readonly logNumber: number;
  /** The highest sequence number that was in use when the MANIFEST was last written. */
  readonly lastSequence: number;
  /** Sizes of the live table files, by number. */
  readonly tables: ReadonlyMap<number, number>;
  /** Whether a last edit was cut short. */
  readonly isTorn: boolean;
}

const above32 = 2 ** 32;

/** Reads a MANIFEST. A last edit cut short by a crash does not count; anything else unreadable is damage. */
export function readManifest(file: Buffer): Manifest {
  const { records, damage } = readLog(file);
  if (damage !== undefined && !damage.isTail)
    throw corrupt(`MANIFEST damaged at byte ${damage.offset}: ${damage.what}`);
  if (records.length === 0) throw corrupt('MANIFEST without a single edit');
  const found = { logNumber: 0, lastSequence: 0, tables: new Map<number, number>() };
  for (const record of records) applyEdit(found, new Fields(record.bytes, 'MANIFEST'));
  return { ...found, isTorn: damage !== undefined };
}

function applyEdit(
  found: { logNumber: number; lastSequence: number; tables: Map<number, number> },
  edit: Fields,
): void {
  while (!edit.isAtEnd) {
    const tag = edit.number();
    if (tag === 1) {
      edit.skipBytes();
    } else if (tag === 2) {
      found.logNumber = edit.number();
    } else if (tag === 3 || tag === 9) {
      edit.number();
    } else if (tag === 4) {
      found.lastSequence = edit.number();
    } else if (tag === 5) {
      edit.number();
      edit.skipBytes();
    } else if (tag === 6) {
      edit.number();
      found.tables.delete(edit.number());
    } else if (tag === 7) {
      edit.number();
      const number = edit.number();
      found.tables.set(number, edit.number());
      edit.skipBytes();
      edit.skipBytes();
    } else {
      throw corrupt(`MANIFEST with an unknown field ${tag}`);
    }
  }
}

/** The sequence number and count at the head of a write batch. */
export function batchHead(record: Buffer): { readonly sequence: number; readonly count: number } {
  if (record.length < 12) throw corrupt('a write batch shorter than its head');
  const sequence = record.readUInt32LE(0) + record.readUInt32LE(4) * above32;
  return { sequence, count: record.readUInt32LE(8) };
}
