import type { Done, Outcome, Row, RowReader } from '../../storage/index.ts';
import { type Restoring, Table, type TableLimits } from '../table/index.ts';
import { rowTupleOf } from './row-codec.ts';

/**
 * Builds the table whose rows `reader` gives, a batch at a time with the event loop between: a table of a million locks
 * must not hold up heartbeats. Rows that make no table are an error, too.
 */
export function readTable(reader: RowReader, limits: TableLimits, done: Done<Table>): void {
  const restoring = Table.restoring(limits);
  const readNext = (): void => {
    reader.next((outcome) => {
      const built = outcome.ok ? taken(restoring, outcome.value) : outcome;
      if (built === undefined) return readNext();
      reader.close();
      done(built);
    });
  };
  readNext();
}

/** Undefined while there are more rows. */
function taken(restoring: Restoring, rows: readonly Row[] | undefined): Outcome<Table> | undefined {
  try {
    if (rows === undefined) return { ok: true, value: restoring.finish() };
    for (const row of rows) restoring.add(rowTupleOf(row));
    return undefined;
  } catch (error) {
    return { ok: false, error: error instanceof Error ? error : new Error(String(error)) };
  }
}
