import { createHash } from 'node:crypto';
import { Packr } from 'msgpackr';
import type { Row, RowChange } from '../../storage/index.ts';
import type { RowTuple, Table } from '../table/index.ts';

const packr = new Packr({ useRecords: false, variableMapSize: true });

/** A row of the table as the store keeps it. */
export function rowChangeOf(row: RowTuple): RowChange {
  const value = row.value === undefined ? undefined : new Uint8Array(packr.pack(row.value));
  return { key: Buffer.from(row.key, 'utf8'), value };
}

/** A stored row as the table reads it; the table validates its meaning. */
export function rowTupleOf(row: Row): { readonly key: string; readonly value: unknown } {
  const value: unknown = packr.unpack(row.value);
  const { buffer, byteOffset, length } = row.key;
  return { key: Buffer.from(buffer, byteOffset, length).toString('utf8'), value };
}

/** Equal on two nodes exactly if their tables are equal: SHA-256 over all rows in key order, in hex. */
export function digestOf(table: Table): string {
  const hash = createHash('sha256');
  for (const row of table.canonicalRows()) hash.update(packr.pack([row.key, row.value]));
  return hash.digest('hex');
}
