/** One persisted row; a value of `undefined` deletes it. Keys are ASCII, so code unit order is byte order. */
export interface RowTuple {
  readonly key: string;
  readonly value: RowValue | undefined;
}

export type RowValue = readonly (RowCell | readonly RowCell[])[];

export type RowCell = string | number | boolean | null;

export interface Persisted {
  /** Whether the rows taken so far, put one over the other, hold a row of this. Written by `ChangedRows` alone. */
  isPersisted: boolean;
}

/** How one kind of row is written. */
export interface RowForm<T> {
  readonly key: (row: T) => string;
  readonly value: (row: T) => RowValue;
}

/**
 * The rows of one kind that differ from what was taken last. What came and went between two takings leaves no trace,
 * so a lock that is held for a moment never reaches the disk of a checkpoint.
 */
export class ChangedRows<T extends Persisted> {
  readonly #form: RowForm<T>;
  readonly #changed = new Set<T>();
  #gone: string[] = [];

  constructor(form: RowForm<T>) {
    this.#form = form;
  }

  get length(): number {
    return this.#changed.size + this.#gone.length;
  }

  put(row: T): void {
    this.#changed.add(row);
  }

  /** While the row still has the key it was put under. */
  remove(row: T): void {
    this.#changed.delete(row);
    if (!row.isPersisted) return;
    this.#gone.push(this.#form.key(row));
    row.isPersisted = false;
  }

  /** Appends the changes to `rows` and forgets them. Costs what changed, not what there is. */
  takeInto(rows: RowTuple[]): void {
    for (const key of this.#gone) rows.push({ key, value: undefined });
    for (const row of this.#changed) {
      rows.push({ key: this.#form.key(row), value: this.#form.value(row) });
      row.isPersisted = true;
    }
    this.#gone = [];
    this.#changed.clear();
  }
}
