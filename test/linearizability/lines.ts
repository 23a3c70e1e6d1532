import { z } from 'zod';
import type { F } from './history.ts';

const count = z.int().min(1);
const milliseconds = z.number().min(0);
const text = z.string().min(1);

/** Tokens are safe integers; one that a recorder wrote as a decimal string is read as well. */
const token = z
  .union([z.number(), z.string().regex(/^\d+$/)])
  .transform(Number)
  .pipe(z.int().min(0));

/** Nanoseconds of one monotonic clock; 64 bits do not fit into a JSON number. */
const time = z.string().regex(/^\d{1,20}$/, 'time is nanoseconds as a decimal string');

const settings = z.strictObject({
  kind: z.enum(['mutex', 'rw', 'semaphore']),
  permits: count.optional(),
  reentrant: z.enum(['no', 'idempotent', 'count']).optional(),
  max_count: count.optional(),
  fair: z.boolean().optional(),
  read_tokens: z.enum(['unique', 'shared']).optional(),
});

const meta = z.strictObject({
  type: z.literal('meta'),
  version: z.literal(1),
  sessions: z.enum(['strict', 'any', 'none']),
  ttl_ms: milliseconds,
  ttl_slack_ms: milliseconds.optional(),
  tokens: z.enum(['per-lock', 'global']).optional(),
  default: settings,
  locks: z.record(z.string(), settings).optional(),
  prefixes: z.record(z.string(), settings).optional(),
});

/** Free words for people, on any line. */
const remarks = { node: z.string().optional(), error: z.string().optional() };

const head = { process: z.int().min(0), time, ...remarks };
const client = text.optional();
const mode = z.enum(['r', 'u', 'w']);
const part = { name: text, mode: mode.optional(), permits: count.optional(), limit: count.optional() };
const asker = { client, owner: text.optional(), wait_ms: milliseconds.optional() };
const wanted = { ...part, ...asker, reenters: z.boolean().optional() };
const together = { ...asker, parts: z.array(z.strictObject(part)).min(1) };

const invoke = { type: z.literal('invoke'), ...head };

const invocations = z.discriminatedUnion('f', [
  z.strictObject({ ...invoke, f: z.literal('open'), client, ttl_ms: milliseconds.optional() }),
  z.strictObject({ ...invoke, f: z.literal('keepalive'), client }),
  z.strictObject({ ...invoke, f: z.literal('close'), client }),
  z.strictObject({ ...invoke, f: z.literal('acquire'), ...wanted }),
  z.strictObject({ ...invoke, f: z.literal('tryAcquire'), ...wanted }),
  z.strictObject({ ...invoke, f: z.literal('acquireAll'), ...together }),
  z.strictObject({ ...invoke, f: z.literal('tryAcquireAll'), ...together }),
  z.strictObject({
    ...invoke,
    f: z.literal('upgrade'),
    name: text,
    client,
    token,
    wait_ms: milliseconds.optional(),
  }),
  z.strictObject({ ...invoke, f: z.literal('downgrade'), name: text, client, token, to: z.enum(['u', 'r']) }),
  z.strictObject({ ...invoke, f: z.literal('setLimit'), name: text, client, permits: count }),
  z.strictObject({ ...invoke, f: z.literal('release'), name: text, client, token, permits: count.optional() }),
  z.strictObject({ ...invoke, f: z.literal('validate'), name: text, client, token }),
  z.strictObject({
    ...invoke,
    f: z.literal('holder'),
    name: text,
    consistency: z.enum(['linearizable', 'stale']).optional(),
  }),
  z.strictObject({ ...invoke, f: z.literal('forceRelease'), name: text }),
  z.strictObject({ ...invoke, f: z.literal('guard'), name: text, client, token }),
]);

/** A completion may repeat the name of what it completes. */
const done = { type: z.literal('ok'), ...head, f: z.string().optional() };
const granting = z.union([
  z.strictObject({ ...done, granted: z.literal(true), token }),
  z.strictObject({
    ...done,
    granted: z.literal(false),
    reason: z.enum(['held', 'timeout', 'cancelled', 'limit', 'session', 'gone', 'mode']),
  }),
  z.strictObject({
    ...done,
    granted: z.literal(false),
    reason: z.literal('deadlock'),
    cycle: z.array(z.strictObject({ owner: text.nullable(), lock: text })).min(1),
  }),
  z.strictObject({ ...done, granted: z.literal(false), reason: z.literal('wrong-limit'), limit: count }),
]);
const changing = z.strictObject({ ...done, done: z.boolean(), reason: z.string().optional() });

/** What an `ok` line of each operation says. */
export const results = {
  open: z.strictObject({ ...done, client }),
  keepalive: z.strictObject({ ...done, reason: z.literal('session').optional() }),
  close: z.strictObject(done),
  acquire: granting,
  tryAcquire: granting,
  acquireAll: granting,
  tryAcquireAll: granting,
  upgrade: granting,
  downgrade: changing,
  setLimit: changing,
  release: z.strictObject({ ...done, released: z.boolean(), reason: z.string().optional() }),
  validate: z.strictObject({ ...done, held: z.boolean() }),
  holder: z.strictObject({
    ...done,
    holders: z.array(z.strictObject({ client: text, token, count: count.optional(), mode: mode.optional() })),
    limit: count.optional(),
  }),
  forceRelease: z.strictObject(done),
  guard: z.strictObject({ ...done, accepted: z.boolean() }),
} as const satisfies Readonly<Record<F, z.ZodType>>;

/** Completions without results; what else they carry is for people. */
const undone = z.looseObject({ type: z.enum(['fail', 'info']), ...head, f: z.string().optional() });
const notice = z.strictObject({ type: z.literal('notice'), f: z.literal('expired'), client: text, time, ...remarks });
const nemesis = z.looseObject({
  type: z.literal('nemesis'),
  f: text,
  phase: z.string().optional(),
  node: z.string().optional(),
  time,
});
const mark = z.looseObject({ type: z.literal('mark'), mark: text, time });

/** The form of each type of line. */
export const forms = { meta, invoke: invocations, fail: undone, info: undone, notice, nemesis, mark } as const;

export type MetaLine = z.infer<typeof meta>;
export type SettingsLine = z.infer<typeof settings>;
export type InvokeLine = z.infer<typeof invocations>;
export type OkLine = z.infer<(typeof results)[F]>;
export type UndoneLine = z.infer<typeof undone>;
