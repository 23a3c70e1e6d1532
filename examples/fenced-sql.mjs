// The check of a fencing token as a part of the write, in SQLite by its command line program (nothing else speaks SQLite in
// Node 20). With a driver, `text` and `values` go to it as they are.
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assertAdmitted, guardedUpsert } from 'holdfast/fencing';
import { createTestCluster } from 'holdfast/testing';

const folder = await mkdtemp(join(tmpdir(), 'holdfast-example-'));
const sqlite = (input) => spawnSync('sqlite3', ['-batch', join(folder, 'bank')], { input, encoding: 'utf8' });

/** Binds the values (numbers only, here), executes, and gives the number of changed rows. */
const run = ({ text, values }) => {
  const bound = values.map((value, at) => `.parameter set ?${at + 1} ${Number(value)}\n`).join('');
  return Number(sqlite(`${bound}${text};\nSELECT changes();\n`).stdout);
};

const deposit = (handle, balance) => {
  const token = handle.fencingToken;
  const statement = guardedUpsert({ dialect: 'sqlite', table: 'account', key: { id: 7 }, set: { balance }, token });
  assertAdmitted(run(statement), { token });
};

if (sqlite('SELECT 1;\n').error !== undefined) {
  console.log('sqlite3 is not installed: nothing to show');
} else {
  sqlite('CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER, fence INTEGER NOT NULL DEFAULT 0);\n');
  const cluster = await createTestCluster();
  const first = await cluster.node('a').acquireLock('account/7');
  deposit(first, 10);
  await cluster.lose(first);
  deposit(await cluster.node('b').acquireLock('account/7'), 20);

  try {
    deposit(first, 99);
    process.exitCode = 1;
  } catch (error) {
    console.log(error.code, error.message);
  }
  console.log('the row is', sqlite('SELECT * FROM account;\n').stdout.trim());
  await cluster.close();
}
await rm(folder, { recursive: true });
