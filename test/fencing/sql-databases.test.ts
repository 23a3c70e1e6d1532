import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assertAdmitted, fenceParts, guardedUpdate, guardedUpsert } from '../../src/fencing/index.ts';
import { type Database, type DatabaseKind, postgresql, sqlite } from './databases.ts';

/** PostgreSQL makes a whole cluster first. */
const startMsMax = 60_000;

/** What guarded statements do in a real database. */
const guarding = (kind: DatabaseKind): void => {
  const why = kind.missing === undefined ? '' : ` (skipped: ${kind.missing})`;
  describe.skipIf(kind.missing !== undefined)(`in ${kind.dialect}${why}`, () => {
    const { dialect } = kind;
    let database: Database;
    beforeAll(async () => {
      if (kind.missing === undefined) database = await kind.open();
    }, startMsMax);
    afterAll(() => database?.close());

    let tables = 0;
    const freshTable = async (): Promise<string> => {
      tables += 1;
      const table = `account_${tables}`;
      await database.query(`CREATE TABLE ${table} (id BIGINT PRIMARY KEY, balance BIGINT, owner TEXT, fence BIGINT)`);
      return table;
    };
    const rowsOf = (table: string): Promise<readonly string[]> =>
      database.query(`SELECT id, balance, owner, fence FROM ${table} ORDER BY id`);

    it.each([
      ['an older', 6, 0, '7|10||7'],
      ['the same', 7, 1, '7|5||7'],
      ['a newer', 8, 1, '7|5||8'],
    ] as const)('an update with %s token', async (_, token, changed, row) => {
      const table = await freshTable();
      await database.run(guardedUpsert({ dialect, table, key: { id: 7 }, set: { balance: 10 }, token: 7 }));

      const rowsChanged = await database.run(
        guardedUpdate({ dialect, table, set: { balance: 5 }, where: { id: 7 }, token }),
      );

      expect(rowsChanged).toBe(changed);
      expect(await rowsOf(table)).toEqual([row]);
    });

    it.each([
      ['of a new row', 8, 3, 1, ['7|10||7', '8|5||3']],
      ['with an older token', 7, 6, 0, ['7|10||7']],
      ['with the same token', 7, 7, 1, ['7|5||7']],
      ['with a newer token', 7, 9, 1, ['7|5||9']],
    ] as const)('an upsert %s', async (_, id, token, changed, rows) => {
      const table = await freshTable();
      await database.run(guardedUpsert({ dialect, table, key: { id: 7 }, set: { balance: 10 }, token: 7 }));

      const upsert = guardedUpsert({ dialect, table, key: { id }, set: { balance: 5 }, token });

      expect(await database.run(upsert)).toBe(changed);
      expect(await rowsOf(table)).toEqual(rows);
    });

    it('counts a row that no token has touched as one with the lowest', async () => {
      const table = await freshTable();
      await database.query(`INSERT INTO ${table} (id, balance) VALUES (1, 10), (2, 10)`);

      const update = await database.run(
        guardedUpdate({ dialect, table, set: { balance: 5 }, where: { id: 1 }, token: 1 }),
      );
      const upsert = await database.run(
        guardedUpsert({ dialect, table, key: { id: 2 }, set: { balance: 5 }, token: 1 }),
      );

      expect([update, upsert]).toEqual([1, 1]);
    });

    it('takes the guard into a statement of one’s own', async () => {
      const table = await freshTable();
      await database.run(guardedUpsert({ dialect, table, key: { id: 1 }, set: { balance: 10 }, token: 4 }));
      const deposit = (token: number): Promise<number> => {
        const { set, where, values } = fenceParts({ dialect, token });
        const text = `UPDATE ${table} SET balance = balance + 5, ${set} WHERE id = 1 AND ${where}`;
        return database.run({ text, values });
      };

      expect([await deposit(4), await deposit(5), await deposit(4)]).toEqual([1, 1, 0]);
      expect(await rowsOf(table)).toEqual(['1|20||5']);
    });

    it('keeps tokens of more than 32 bits', async () => {
      const table = await freshTable();
      const token = 2 ** 53 - 1;
      await database.run(guardedUpsert({ dialect, table, key: { id: 1 }, set: {}, token }));

      const older = guardedUpdate({ dialect, table, set: {}, where: { id: 1 }, token: token - 1 });

      expect(await database.run(older)).toBe(0);
      expect(await rowsOf(table)).toEqual([`1|||${token}`]);
    });

    it('takes names and values as they are, whatever they look like', async () => {
      const table = 'a"b`c; DROP TABLE users; --';
      const owner = "Robert'); DROP TABLE users; --";
      const quoted = dialect === 'sqlite' ? '`a"b``c; DROP TABLE users; --`' : '"a""b`c; DROP TABLE users; --"';
      await database.query('CREATE TABLE users (id BIGINT)');
      await database.query(`CREATE TABLE ${quoted} ("select" TEXT PRIMARY KEY, "o""w" TEXT, "f""1" BIGINT)`);
      const set = { 'o"w': 'x' };

      const made = guardedUpsert({ dialect, table, key: { select: owner }, set, token: 2, fenceColumn: 'f"1' });
      const stale = guardedUpdate({ dialect, table, set, where: { select: owner }, token: 1, fenceColumn: 'f"1' });

      expect([await database.run(made), await database.run(stale)]).toEqual([1, 0]);
      expect(await database.query(`SELECT * FROM ${quoted}`)).toEqual([`${owner}|x|2`]);
      expect(await database.query('SELECT COUNT(*) FROM users')).toEqual(['0']);
    });

    it('fails for a column that there is not, rather than compare with its name', async () => {
      const table = await freshTable();
      const misspelt = guardedUpdate({ dialect, table, set: { balance: 5 }, where: { ownr: 'ownr' }, token: 1 });

      await expect(database.run(misspelt)).rejects.toThrow('ownr');
    });

    it('tells a refusal by the number of changed rows', async () => {
      const table = await freshTable();
      const upsert = (token: number): Promise<number> =>
        database.run(guardedUpsert({ dialect, table, key: { id: 1 }, set: {}, token }));

      assertAdmitted(await upsert(5), { token: 5 });
      const changed = await upsert(4);

      expect(() => assertAdmitted(changed, { token: 4 })).toThrow(
        expect.objectContaining({ code: 'FENCED', token: 4 }),
      );
    });
  });
};

describe('a guarded statement', () => {
  guarding(sqlite);
  guarding(postgresql);
});
