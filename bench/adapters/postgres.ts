import { createHash } from 'node:crypto';
import type { LockPort } from '../station/port.ts';
import { packageAt } from './package-at.ts';
import type { PostgresSettings } from './settings.ts';

/** What the bench uses of the package `pg`. */
interface PostgresPackage {
  readonly Pool: new (options: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly database: string;
    readonly max: number;
  }) => PostgresPool;
}

interface PostgresPool {
  connect(): Promise<PostgresConnection>;
  on(event: 'error', listener: () => void): unknown;
  end(): Promise<void>;
}

interface PostgresConnection {
  query(query: { readonly name: string; readonly text: string; readonly values: readonly string[] }): Promise<unknown>;
  release(): void;
}

/** Of one station: a session lock belongs to its connection, so every holder and every waiter needs one. */
const connectionsMax = 300;

/** Session-level advisory locks, as prepared statements; the key is a hash of the name. */
export async function openPostgres({ packages, port, user }: PostgresSettings): Promise<LockPort> {
  const { Pool } = packageAt<PostgresPackage>(packages, 'pg');
  const pool = new Pool({ host: '127.0.0.1', port, user, database: 'postgres', max: connectionsMax });
  pool.on('error', () => undefined);
  return {
    acquire: async (name) => {
      const connection = await pool.connect();
      const values = [keyOf(name)];
      await connection.query({ name: 'lock', text: 'select pg_advisory_lock($1)', values });
      return {
        release: async () => {
          await connection.query({ name: 'unlock', text: 'select pg_advisory_unlock($1)', values });
          connection.release();
        },
      };
    },
    status: async () => ({ isLeader: true }),
    close: () => pool.end(),
  };
}

const keyOf = (name: string): string => createHash('sha1').update(name).digest().readBigInt64BE().toString();
