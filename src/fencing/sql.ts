import { FencedError, outOfRange, wrongType } from '../errors.ts';
import { checkToken } from './token.ts';

/** Whose placeholders and quotes are used. SQLite from 3.24. */
export type SqlDialect = 'postgresql' | 'sqlite';

/** A statement with placeholders, and their values in order. Nothing that came from outside stands in `text`. */
export interface SqlStatement {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Values by column. `undefined` is refused; `null` is allowed where a value is set. */
export type SqlColumns = Readonly<Record<string, unknown>>;

/** What all guarded statements need. */
export interface GuardedStatement {
  readonly dialect: SqlDialect;
  /** A name, or the parts of a qualified one: `['public', 'account']`. */
  readonly table: string | readonly string[];
  /** The fencing token of the hold. */
  readonly token: number;
  /** The column that keeps the highest token seen: `BIGINT NOT NULL DEFAULT 0`. Default `fence`. */
  readonly fenceColumn?: string | undefined;
}

/** An update of the rows that equal `where`. */
export interface GuardedUpdate extends GuardedStatement {
  readonly set: SqlColumns;
  /** Equality, all of them; at least one column, none of them null. */
  readonly where: SqlColumns;
}

/** One row, made or changed. */
export interface GuardedUpsert extends GuardedStatement {
  /** The columns of a unique key. */
  readonly key: SqlColumns;
  readonly set: SqlColumns;
}

/** Parts for a statement of one's own. */
export interface FenceParts {
  /** Belongs into SET: the column becomes the token. */
  readonly set: string;
  /** Belongs into WHERE, by AND. */
  readonly where: string;
  /** For the placeholder of `set`, and then for that of `where`. */
  readonly values: readonly [number, number];
}

/**
 * `UPDATE` that changes nothing when a higher token was there before: give the number of changed rows to `assertAdmitted`.
 * Throws a TypeError or RangeError for what cannot be a part of it.
 */
export const guardedUpdate = (update: GuardedUpdate): SqlStatement => {
  const { dialect, table, token, fenceColumn = 'fence', set, where } = update;
  const writer = new Writer(dialect);
  const { name } = writer;
  const changed = [...columnsOf(set, 'set'), [fenceColumn, checkToken(token)] as const];
  refuseTwice(changed);
  const assignments = changed.map(([column, value]) => `${name(column)} = ${writer.place(value)}`);
  const conditions = someOf(where, 'where').map(([column, value]) => `${name(column)} = ${writer.place(value)}`);
  const guard = `COALESCE(${name(fenceColumn)}, 0) <= ${writer.place(token)}`;
  const text = `UPDATE ${writer.table(table)} SET ${assignments.join(', ')} WHERE ${[...conditions, guard].join(' AND ')}`;
  return { text, values: writer.values };
};

/** `INSERT` of a row, or an update of the one with that key that changes nothing when a higher token was there before. */
export const guardedUpsert = (upsert: GuardedUpsert): SqlStatement => {
  const { dialect, table, token, fenceColumn = 'fence', key, set } = upsert;
  const writer = new Writer(dialect);
  const { name } = writer;
  const keys = someOf(key, 'key');
  const changed = [...columnsOf(set, 'set'), [fenceColumn, checkToken(token)] as const];
  const row = [...keys, ...changed];
  refuseTwice(row);
  const places = row.map(([, value]) => writer.place(value));
  const assignments = changed.map(([column]) => `${name(column)} = excluded.${name(column)}`);
  const text = [
    `INSERT INTO ${writer.table(table)} AS ${name('kept')} (${row.map(([column]) => name(column)).join(', ')})`,
    `VALUES (${places.join(', ')})`,
    `ON CONFLICT (${keys.map(([column]) => name(column)).join(', ')}) DO UPDATE SET ${assignments.join(', ')}`,
    `WHERE COALESCE(${name('kept')}.${name(fenceColumn)}, 0) <= excluded.${name(fenceColumn)}`,
  ].join(' ');
  return { text, values: writer.values };
};

/**
 * The guard alone, for a statement of one's own. `placeholders` are the numbers of the two in PostgreSQL; in SQLite they
 * are `?` and count by their place.
 */
export const fenceParts = (
  { dialect, token, fenceColumn = 'fence' }: Pick<GuardedStatement, 'dialect' | 'token' | 'fenceColumn'>,
  placeholders: readonly [number, number] = [1, 2],
): FenceParts => {
  const { name } = new Writer(dialect);
  const place = (number: number): string => {
    if (!Number.isInteger(number) || number < 1 || number > 65_535) {
      throw outOfRange(`a placeholder must be a whole number from 1 to 65535, not ${number}`);
    }
    return dialect === 'postgresql' ? `$${number}` : '?';
  };
  const [first, second] = placeholders;
  return {
    set: `${name(fenceColumn)} = ${place(first)}`,
    where: `COALESCE(${name(fenceColumn)}, 0) <= ${place(second)}`,
    values: [checkToken(token), token],
  };
};

/**
 * Throws a `FencedError` if a guarded statement changed nothing. After an update, which changes nothing either when there
 * is no such row, look for the row first if it may be missing.
 */
export const assertAdmitted = (rowsChanged: number, { token }: { readonly token: number }): void => {
  if (typeof rowsChanged !== 'number') throw wrongType(`rowsChanged must be a number, not ${typeof rowsChanged}`);
  if (rowsChanged > 0) return;
  throw new FencedError(`nothing was changed with token ${token}: a higher one was there already`, { token });
};

/** PostgreSQL cuts longer names off in silence, and two would be one. */
const nameBytesMax = 63;

class Writer {
  readonly values: unknown[] = [];
  readonly #dialect: SqlDialect;

  constructor(dialect: SqlDialect) {
    if (dialect !== 'postgresql' && dialect !== 'sqlite') {
      throw wrongType(`dialect must be "postgresql" or "sqlite", not ${JSON.stringify(dialect)}`);
    }
    this.#dialect = dialect;
  }

  place(value: unknown): string {
    this.values.push(value);
    return this.#dialect === 'postgresql' ? `$${this.values.length}` : '?';
  }

  /** An identifier in quotes. SQLite takes an unknown one in double quotes for a text, and then compares with that. */
  readonly name = (identifier: unknown): string => {
    if (typeof identifier !== 'string') throw wrongType(`a name must be a string, not ${typeof identifier}`);
    const bytes = Buffer.byteLength(identifier);
    if (bytes < 1 || bytes > nameBytesMax) {
      throw outOfRange(`a name must have 1 to ${nameBytesMax} bytes, not ${bytes}: ${JSON.stringify(identifier)}`);
    }
    if (/\0|\p{Surrogate}/u.test(identifier)) {
      throw wrongType(`a name must be well-formed text without NUL: ${JSON.stringify(identifier)}`);
    }
    const quote = this.#dialect === 'postgresql' ? '"' : '`';
    return quote + identifier.replaceAll(quote, quote + quote) + quote;
  };

  table(table: unknown): string {
    const parts: readonly unknown[] = Array.isArray(table) ? table : [table];
    if (parts.length === 0) throw wrongType('table must have a name');
    return parts.map((part) => this.name(part)).join('.');
  }
}

const columnsOf = (columns: SqlColumns, what: string): readonly (readonly [string, unknown])[] => {
  if (typeof columns !== 'object' || columns === null) throw wrongType(`${what} must be an object of columns`);
  const entries = Object.entries(columns);
  const missing = entries.find(([, value]) => value === undefined)?.[0];
  if (missing !== undefined) throw wrongType(`${what}: ${JSON.stringify(missing)} is undefined`);
  return entries;
};

/** Without a condition everything would be changed; and nothing equals null. */
const someOf = (columns: SqlColumns, what: string): readonly (readonly [string, unknown])[] => {
  const entries = columnsOf(columns, what);
  if (entries.length === 0) throw wrongType(`${what} must have at least one column`);
  const nothing = entries.find(([, value]) => value === null)?.[0];
  if (nothing !== undefined) throw wrongType(`${what}: ${JSON.stringify(nothing)} is null, which equals nothing`);
  return entries;
};

const refuseTwice = (columns: readonly (readonly [string, unknown])[]): void => {
  const names = columns.map(([column]) => column);
  const twice = names.find((column, at) => names.indexOf(column) !== at);
  if (twice !== undefined) throw wrongType(`the column ${JSON.stringify(twice)} is written twice`);
};
