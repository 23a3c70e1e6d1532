import { z } from 'zod';
import { BackendError, outOfRange, wrongType } from './errors.ts';
import type { Consistency, NodeStatus } from './node/index.ts';
import { listMax } from './server/index.ts';
import type { HolderView, LockSummary, LockView, RegisterView, SessionView, WaiterView } from './table/index.ts';

export type { Consistency, HolderView, LockSummary, LockView, NodeStatus, SessionView, WaiterView };

/** How current an answer must be. */
export interface QueryOptions {
  /**
   * `linearizable` (default): confirmed by a quorum, so it shows every grant that anybody has seen. `local`: at once,
   * from the table of the node that serves the caller, as of `appliedIndex`.
   */
  readonly consistency?: Consistency | undefined;
}

/** Which locks to list. */
export interface ListOptions extends QueryOptions {
  /** Only names that begin with it; absent or empty: all. */
  readonly prefix?: string | undefined;
  /**
   * At most this many, 1 to 10,000. Default 1,000. A remote client reads more than 1,000 page by page: each page is as
   * current as asked for, and `appliedIndex` is the lowest of theirs.
   */
  readonly limit?: number | undefined;
  /** Only names after this one, in code unit order: the last name of the page before. */
  readonly after?: string | undefined;
}

/** Where in the log an answer was taken. */
export interface AsOf {
  readonly appliedIndex: number;
}

/** One lock; without holders when nobody holds it. */
export interface LockInspection extends Omit<LockView, 'kind'>, AsOf {
  /** Null while nobody is at it: then it can be used as any. */
  readonly kind: LockView['kind'] | null;
}

/** A page of the locks that somebody holds, by name in code unit order. */
export interface LockList extends AsOf {
  readonly locks: readonly LockSummary[];
}

/** All sessions of the cluster, by rising id. */
export interface SessionList extends AsOf {
  readonly sessions: readonly SessionView[];
}

/** Throws a TypeError for anything but `linearizable`, `local` or nothing, and for keys other than `known`. */
export const checkQueryOptions = (options: QueryOptions, known: readonly string[] = ['consistency']): Consistency => {
  if (typeof options !== 'object' || options === null) throw wrongType('options must be an object');
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) throw wrongType(`unknown option ${JSON.stringify(key)}; known are ${known.join(', ')}`);
  }
  const consistency = options.consistency ?? 'linearizable';
  if (consistency === 'linearizable' || consistency === 'local') return consistency;
  throw wrongType(`consistency must be "linearizable" or "local", not ${JSON.stringify(consistency)}`);
};

/** Throws a TypeError or RangeError; the defaults are filled in. */
export const checkListOptions = (
  options: ListOptions,
): {
  readonly prefix: string;
  readonly limit: number;
  readonly after: string | undefined;
  readonly consistency: Consistency;
} => {
  const consistency = checkQueryOptions(options, ['consistency', 'prefix', 'limit', 'after']);
  const { prefix = '', limit = 1_000, after } = options;
  if (typeof prefix !== 'string') throw wrongType('prefix must be a string');
  if (after !== undefined && typeof after !== 'string') throw wrongType('after must be a string');
  if (typeof limit !== 'number') throw wrongType(`limit must be a number, not ${JSON.stringify(limit)}`);
  if (!Number.isInteger(limit) || limit < 1 || limit > listMax) {
    throw outOfRange(`limit must be a whole number from 1 to ${listMax}, not ${limit}`);
  }
  return { prefix, limit, after, consistency };
};

const who = {
  session: z.number(),
  label: z.string(),
  node: z.string().nullable(),
  mode: z.enum(['X', 'R', 'U', 'W', 'S']),
  permits: z.number(),
  owner: z.string().nullable(),
  // A node of an earlier version knows nothing of these two.
  metadata: z.string().nullable().default(null),
  sticky: z.boolean().default(false),
  since: z.number(),
};
const summary = {
  name: z.string(),
  kind: z.enum(['exclusive', 'reader-writer', 'semaphore']),
  limit: z.number().nullable(),
  holders: z.array(z.object({ ...who, entries: z.number(), token: z.number() })),
  waiting: z.number(),
  // A node of an earlier version knows of none.
  lockDelay: z.number().nullable().default(null),
};
const lockView = z.object({
  ...summary,
  queue: z.array(z.object({ ...who, position: z.number(), sequence: z.number() })),
});
const sessionView = z.object({
  session: z.number(),
  label: z.string(),
  node: z.string().nullable(),
  ttlMs: z.number(),
  openedAt: z.number(),
  holds: z.number(),
  waiters: z.number(),
});
const nodeStatus = z.object({
  nodeId: z.string(),
  clusterId: z.string().optional(),
  role: z.enum(['leader', 'follower', 'candidate', 'learner', 'blank', 'quarantined', 'failed', 'stopped']),
  term: z.number(),
  leader: z.string().optional(),
  commitIndex: z.number(),
  appliedIndex: z.number(),
  members: z.array(
    z.object({ id: z.string(), address: z.string(), voter: z.boolean(), matchIndex: z.number().optional() }),
  ),
  reason: z.string().optional(),
});

/** A node of another version may see things that this one has no form for; then it says so rather than guess. */
export const decode = <T extends z.ZodType>(schema: T, value: unknown): z.infer<T> => {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new BackendError('the node answered in a form that this version does not know', { cause: result.error });
};

/** Undefined: nobody holds it. */
export const decodeLock = (value: unknown): LockView | undefined => decode(lockView.nullable(), value) ?? undefined;

export const decodeLocks = (value: unknown): readonly LockSummary[] => decode(z.array(z.object(summary)), value);

export const decodeSessions = (value: unknown): readonly SessionView[] => decode(z.array(sessionView), value);

export const decodeFlag = (value: unknown): boolean => decode(z.boolean(), value);

const registerView = z.object({ value: z.string(), version: z.number(), token: z.number() });

export const decodeRegister = (value: unknown): RegisterView | null => decode(registerView.nullable(), value);

export const decodeStatus = (value: unknown): NodeStatus => {
  const { clusterId, leader, reason, members, ...rest } = decode(nodeStatus, value);
  return {
    ...rest,
    clusterId,
    leader,
    reason,
    members: members.map(({ matchIndex, ...member }) => ({ ...member, matchIndex })),
  };
};
