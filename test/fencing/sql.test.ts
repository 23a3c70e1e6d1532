import { describe, expect, it } from 'vitest';
import { assertAdmitted, fenceParts, guardedUpdate, guardedUpsert } from '../../src/fencing/index.ts';

const update = { dialect: 'postgresql', table: 'account', set: { balance: 5 }, where: { id: 7 }, token: 3 } as const;
const upsert = { dialect: 'postgresql', table: 'account', set: { balance: 5 }, key: { id: 7 }, token: 3 } as const;

const errorOf = (act: () => unknown): unknown => {
  try {
    return act();
  } catch (error) {
    return error;
  }
};

describe('the text of a guarded statement', () => {
  it('has numbered placeholders and double quotes for PostgreSQL', () => {
    expect(guardedUpdate(update)).toEqual({
      text: 'UPDATE "account" SET "balance" = $1, "fence" = $2 WHERE "id" = $3 AND COALESCE("fence", 0) <= $4',
      values: [5, 3, 7, 3],
    });
    expect(guardedUpsert({ ...upsert, table: ['public', 'account'], fenceColumn: 'seen' })).toEqual({
      text:
        'INSERT INTO "public"."account" AS "kept" ("id", "balance", "seen") VALUES ($1, $2, $3) ' +
        'ON CONFLICT ("id") DO UPDATE SET "balance" = excluded."balance", "seen" = excluded."seen" ' +
        'WHERE COALESCE("kept"."seen", 0) <= excluded."seen"',
      values: [7, 5, 3],
    });
  });

  it('has question marks and backticks for SQLite', () => {
    expect(guardedUpdate({ ...update, dialect: 'sqlite' })).toEqual({
      text: 'UPDATE `account` SET `balance` = ?, `fence` = ? WHERE `id` = ? AND COALESCE(`fence`, 0) <= ?',
      values: [5, 3, 7, 3],
    });
  });

  it('has parts for a statement of one’s own', () => {
    expect(fenceParts({ dialect: 'postgresql', token: 3 }, [4, 5])).toEqual({
      set: '"fence" = $4',
      where: 'COALESCE("fence", 0) <= $5',
      values: [3, 3],
    });
    expect(fenceParts({ dialect: 'sqlite', token: 3, fenceColumn: 'seen' }).set).toBe('`seen` = ?');
  });

  it('has no value in it', () => {
    const { text, values } = guardedUpdate({ ...update, set: { name: "'; DROP TABLE account; --" } });

    expect(text).not.toContain('DROP');
    expect(values).toContain("'; DROP TABLE account; --");
  });

  it.each([
    ['a"b', '"a""b"'],
    ['"; DROP TABLE x; --', '"""; DROP TABLE x; --"'],
    ['a`b', '"a`b"'],
    ['select', '"select"'],
    ['Größe', '"Größe"'],
  ])('quotes the name %j', (table, quoted) => {
    expect(guardedUpdate({ ...update, table }).text.startsWith(`UPDATE ${quoted} SET`)).toBe(true);
  });
});

describe('a guarded statement is not made', () => {
  it.each([
    ['of another dialect', { ...update, dialect: 'mysql' }, TypeError],
    ['without a table', { ...update, table: [] }, TypeError],
    ['of a table without a name', { ...update, table: '' }, RangeError],
    ['of a table that is no name', { ...update, table: 5 }, TypeError],
    ['of a name with NUL', { ...update, table: 'a\0b' }, TypeError],
    ['of a name with a lone surrogate', { ...update, table: 'a\ud800' }, TypeError],
    ['of a name that PostgreSQL would cut', { ...update, table: 'ä'.repeat(32) }, RangeError],
    ['without a condition', { ...update, where: {} }, TypeError],
    ['where something equals null', { ...update, where: { id: null } }, TypeError],
    ['where something is undefined', { ...update, where: { id: undefined } }, TypeError],
    ['that sets something to undefined', { ...update, set: { balance: undefined } }, TypeError],
    ['that sets nothing at all', { ...update, set: null }, TypeError],
    ['that sets the fence itself', { ...update, set: { fence: 9 } }, TypeError],
    ['with a fence without a name', { ...update, fenceColumn: '' }, RangeError],
    ['with a token of 0', { ...update, token: 0 }, RangeError],
    ['with half a token', { ...update, token: 1.5 }, RangeError],
    ['with a token in text', { ...update, token: '3' }, TypeError],
    ['with a token beyond 2^53', { ...update, token: 2 ** 53 }, RangeError],
  ])('%s', (_, options, type) => {
    const error = errorOf(() => Reflect.apply(guardedUpdate, undefined, [options]));

    expect(error).toBeInstanceOf(type);
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('that upserts without a key, or writes a column of it twice', () => {
    expect(errorOf(() => guardedUpsert({ ...upsert, key: {} }))).toBeInstanceOf(TypeError);
    expect(errorOf(() => guardedUpsert({ ...upsert, set: { id: 8 } }))).toBeInstanceOf(TypeError);
  });

  it('from parts with placeholders that cannot be', () => {
    expect(errorOf(() => fenceParts({ dialect: 'postgresql', token: 1 }, [0, 1]))).toBeInstanceOf(RangeError);
  });
});

describe('the number of changed rows', () => {
  it('tells whether the token was admitted', () => {
    expect(errorOf(() => assertAdmitted(1, { token: 3 }))).toBeUndefined();
    expect(errorOf(() => assertAdmitted(0, { token: 3 }))).toMatchObject({ code: 'FENCED', token: 3 });
    expect(errorOf(() => Reflect.apply(assertAdmitted, undefined, ['1', { token: 3 }]))).toBeInstanceOf(TypeError);
  });
});
