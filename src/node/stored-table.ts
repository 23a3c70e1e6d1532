import type { Done, Outcome, Row, RowReader } from '../../storage/index.ts';
import { type Restoring, Table, type TableLimits } from '../table/index.ts';
import { rowTupleOf } from './row-codec.ts';

/** Makes a table of stored rows, a batch at a time, so that a table of a million locks holds up nothing else. */
export class StoredTable {
  readonly #restoring: Restoring;
  #error: Error | undefined;

  constructor(limits: TableLimits) {
    this.#restoring = Table.restoring(limits);
  }

  /** Rows come in key order. Those that make no table are told of by `finish`: who reads them need not know why. */
  add(rows: readonly Row[]): void {
    if (this.#error !== undefined) return;
    try {
      for (const row of rows) this.#restoring.add(rowTupleOf(row));
    } catch (error) {
      this.#error = asError(error);
    }
  }

  /** The table, after its last row. Call once. */
  finish(): Outcome<Table> {
    if (this.#error !== undefined) return { ok: false, error: this.#error };
    try {
      return { ok: true, value: this.#restoring.finish() };
    } catch (error) {
      return { ok: false, error: asError(error) };
    }
  }
}

/** The table that `reader` gives the rows of. */
export function readTable(reader: RowReader, limits: TableLimits, done: Done<Table>): void {
  const stored = new StoredTable(limits);
  const end = (outcome: Outcome<Table>): void => {
    reader.close();
    done(outcome);
  };
  const readNext = (): void => {
    reader.next((outcome) => {
      if (!outcome.ok) return end(outcome);
      if (outcome.value === undefined) return end(stored.finish());
      stored.add(outcome.value);
      readNext();
    });
  };
  readNext();
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));
