import { execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { SqlDialect, SqlStatement } from '../../src/fencing/index.ts';

/** A database of a test, gone after it. */
export interface Database {
  readonly dialect: SqlDialect;
  /** Prepares and executes, and gives the number of changed rows. */
  run(statement: SqlStatement): Promise<number>;
  /** Rows as text, columns by `|`. */
  query(text: string): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** How to get one, or why there is none on this machine. */
export type DatabaseKind =
  | { readonly dialect: SqlDialect; readonly missing: string }
  | { readonly dialect: SqlDialect; readonly missing: undefined; readonly open: () => Promise<Database> };

/** A literal of both dialects: the programs of these databases bind values in text only. */
const literal = (value: unknown): string => {
  if (typeof value === 'number') return String(value);
  return value === null ? 'NULL' : `'${String(value).replaceAll("'", "''")}'`;
};

interface Program {
  readonly path: string;
  readonly args: readonly string[];
  readonly cwd: string;
}

/** What a program answers to what it is told; its complaint as an error. */
const told = ({ path, args, cwd }: Program, input: string): Promise<readonly string[]> =>
  new Promise((resolve, reject) => {
    const child = spawn(path, args, { cwd, stdio: ['pipe', 'pipe', 'pipe'] });
    let out = '';
    let complaint = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      out += part;
    });
    child.stderr.setEncoding('utf8').on('data', (part: string) => {
      complaint += part;
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(out.split('\n').filter((line) => line !== ''));
      else reject(new Error(complaint));
    });
    child.stdin.end(input);
  });

const sqliteProgram = (process.env['PATH'] ?? '')
  .split(delimiter)
  .map((folder) => join(folder, 'sqlite3'))
  .find((path) => existsSync(path));

export const sqlite: DatabaseKind =
  sqliteProgram === undefined
    ? { dialect: 'sqlite', missing: 'there is no sqlite3 in PATH' }
    : { dialect: 'sqlite', missing: undefined, open: () => openSqlite(sqliteProgram) };

async function openSqlite(path: string): Promise<Database> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-sqlite-'));
  const program = { path, args: ['-batch', '-bail', 'database'], cwd: folder };
  const bound = (values: readonly unknown[]): string =>
    values
      .map((value, at) => `INSERT INTO temp.sqlite_parameters(key, value) VALUES ('?${at + 1}', ${literal(value)});\n`)
      .join('');
  return {
    dialect: 'sqlite',
    run: async ({ text, values }) => {
      const lines = await told(program, `.parameter init\n${bound(values)}${text};\nSELECT changes();\n`);
      return Number(lines.at(-1));
    },
    query: (text) => told(program, `${text};\n`),
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Debian keeps PostgreSQL's programs outside of the path. */
const postgresHome = '/usr/lib/postgresql';

const postgresPrograms = (existsSync(postgresHome) ? readdirSync(postgresHome) : [])
  .toSorted((a, b) => Number(b) - Number(a))
  .map((version) => join(postgresHome, version, 'bin'))
  .find((folder) => existsSync(join(folder, 'initdb')));

export const postgresql: DatabaseKind =
  postgresPrograms === undefined
    ? { dialect: 'postgresql', missing: `there is no initdb under ${postgresHome}` }
    : { dialect: 'postgresql', missing: undefined, open: () => openPostgres(postgresPrograms) };

/** PostgreSQL refuses to run as root; then it runs as the user that its package makes. */
const owner = (): { readonly uid: number; readonly gid: number } | undefined => {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
};

async function openPostgres(programs: string): Promise<Database> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-postgres-'));
  const who = owner();
  if (who !== undefined) chownSync(folder, who.uid, who.gid);
  const initdb = ['-D', join(folder, 'data'), '-U', 'postgres', '-A', 'trust', '--no-sync', '--no-instructions'];
  execFileSync(join(programs, 'initdb'), initdb, { ...who, cwd: folder, stdio: 'ignore' });
  // No address: a socket in the folder is enough, and no port can be taken.
  const args = ['-D', join(folder, 'data'), '-h', '', '-k', folder, '-c', 'fsync=off'];
  const server = spawn(join(programs, 'postgres'), args, { ...who, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise<void>((resolve) => server.once('close', () => resolve()));
  const ready = new Promise<void>((resolve) => {
    server.stderr.setEncoding('utf8').on('data', (part: string) => {
      if (part.includes('ready to accept connections')) resolve();
    });
  });
  await Promise.race([ready, ended.then(() => Promise.reject(new Error('postgres ended before it was ready')))]);
  const psql = ['-X', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-h', folder, '-U', 'postgres'];
  const program = { path: join(programs, 'psql'), args: psql, cwd: folder };
  return {
    dialect: 'postgresql',
    run: async ({ text, values }) => {
      const lines = await told(program, `PREPARE one AS ${text};\nEXECUTE one (${values.map(literal).join(', ')});\n`);
      return Number(lines.at(-1)?.split(' ').at(-1));
    },
    query: (text) => told(program, `${text};\n`),
    close: async () => {
      server.kill('SIGINT');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
