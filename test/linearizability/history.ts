/** How the locks of a run count as one kind or another. */
export type LockKind = 'mutex' | 'rw' | 'semaphore';

/** How a lock is wanted or held: to read, to read and perhaps write later, or alone; `w` of all but reader-writer locks. */
export type Mode = 'r' | 'u' | 'w';

/** What a lock is, as the first line of a history says it. */
export interface LockSettings {
  readonly kind: LockKind;
  /** Of a semaphore; 1 for the others. */
  readonly permits: number;
  /** `idempotent`: the holder gets its token again and one release frees. `count`: it takes as many releases. */
  readonly reentrant: 'no' | 'idempotent' | 'count';
  readonly maxCount: number;
  /** A fair lock may refuse a read or permits that are free because somebody waits. */
  readonly fair: boolean;
  /** `unique`: every grant raises the token. `shared`: a read's token exceeds those of earlier writes only. */
  readonly readTokens: 'unique' | 'shared';
}

/** The first line. */
export interface Meta {
  /**
   * `strict`: a client is one session, which ends once and no earlier than its TTL allows. `any`: a hold may end at any
   * moment. `none`: no hold ends by itself.
   */
  readonly sessions: 'strict' | 'any' | 'none';
  readonly ttlMs: number;
  /** What may be missing from a TTL because clocks run at different rates. */
  readonly ttlSlackMs: number;
  readonly tokens: 'per-lock' | 'global';
  readonly default: LockSettings;
  readonly locks: ReadonlyMap<string, LockSettings>;
  /** Of locks that are not named themselves, by the beginnings of their names. */
  readonly prefixes: ReadonlyMap<string, LockSettings>;
}

/**
 * Why a request was not granted. `held`, `deadlock` and `wrong-limit` were true within the call, and so was `gone`: the
 * hold to be upgraded was not there. `session` is final. The others say just that it was not granted.
 */
export type Refusal = PlainRefusal | 'deadlock' | 'wrong-limit';

/** Those that come without anything else. */
export type PlainRefusal = 'held' | 'timeout' | 'cancelled' | 'limit' | 'session' | 'gone' | 'mode';

/** One wait of a circle: this owner waits at the lock for what the next one holds or awaits, the last for the first. */
export interface CycleStep {
  /** Null: a request without an owner. */
  readonly owner: string | null;
  readonly lock: string;
}

/** One hold as a read shows it. */
export interface Holder {
  readonly client: string;
  readonly token: number;
  /** Re-entries or permits. */
  readonly count?: number | undefined;
  readonly mode?: Mode | undefined;
}

/** One lock of a request, and what is wanted of it. */
export interface Part {
  readonly name: string;
  readonly mode: Mode;
  readonly permits: number;
  /** How many permits the semaphore has, as the asker believes; absent: he does not say. */
  readonly limit?: number | undefined;
}

interface Asker {
  readonly client: string;
  /** Whom the cluster takes for one party; absent: the request is its own. */
  readonly owner?: string | undefined;
  readonly wait_ms?: number | undefined;
}

/** `reenters`: what the owner holds in this session is entered once more, under the same token. */
type Wanted = Part & Asker & { readonly reenters?: boolean | undefined };

/** All of them at once, or none. */
interface WantedTogether extends Asker {
  readonly parts: readonly Part[];
}

interface OfHold {
  readonly name: string;
  readonly client: string;
  readonly token: number;
}

/** What is asked, by the name of the operation. */
export interface Calls {
  readonly open: { readonly client: string; readonly ttl_ms?: number | undefined };
  readonly keepalive: { readonly client: string };
  readonly close: { readonly client: string };
  readonly acquire: Wanted;
  readonly tryAcquire: Wanted;
  readonly acquireAll: WantedTogether;
  readonly tryAcquireAll: WantedTogether;
  /** Of an upgradeable read to a write, under a new token. */
  readonly upgrade: OfHold & { readonly wait_ms?: number | undefined };
  /** The token stays. */
  readonly downgrade: OfHold & { readonly to: 'u' | 'r' };
  /** How many permits a semaphore has from now on, for good. */
  readonly setLimit: { readonly name: string; readonly client: string; readonly permits: number };
  /** Without `permits`: the whole grant, or one entry of it. */
  readonly release: OfHold & { readonly permits?: number | undefined };
  readonly validate: OfHold;
  readonly holder: { readonly name: string; readonly consistency: 'linearizable' | 'stale' };
  readonly forceRelease: { readonly name: string };
  readonly guard: OfHold;
}

type Granting =
  /** Of several locks: the first one's; those of the others follow it one by one. */
  | { readonly granted: true; readonly token: number }
  | { readonly granted: false; readonly reason: PlainRefusal }
  | { readonly granted: false; readonly reason: 'deadlock'; readonly cycle: readonly CycleStep[] }
  /** `limit`: how many permits it has in truth. */
  | { readonly granted: false; readonly reason: 'wrong-limit'; readonly limit: number };

interface Done {
  readonly done: boolean;
  readonly reason?: string | undefined;
}

/** What is known of an operation that is over, by its name. */
export interface Results {
  readonly open: { readonly client?: string | undefined };
  readonly keepalive: { readonly reason?: 'session' | undefined };
  readonly close: Readonly<Record<never, never>>;
  readonly acquire: Granting;
  readonly tryAcquire: Granting;
  readonly acquireAll: Granting;
  readonly tryAcquireAll: Granting;
  readonly upgrade: Granting;
  readonly downgrade: Done;
  readonly setLimit: Done;
  readonly release: { readonly released: boolean; readonly reason?: string | undefined };
  readonly validate: { readonly held: boolean };
  /** `limit`: how many permits the semaphore has. */
  readonly holder: { readonly holders: readonly Holder[]; readonly limit?: number | undefined };
  readonly forceRelease: Readonly<Record<never, never>>;
  readonly guard: { readonly accepted: boolean };
}

/** The name of an operation. */
export type F = keyof Calls;

/** `fail`: surely without effect. `unknown`: perhaps with effect, once, at any time after the call. */
export type Outcome<R> =
  | { readonly kind: 'ok'; readonly result: R; readonly at: bigint }
  | { readonly kind: 'fail' }
  | { readonly kind: 'unknown' };

interface OperationOf<N extends F> {
  readonly f: N;
  readonly call: Calls[N];
  readonly outcome: Outcome<Results[N]>;
  readonly process: number;
  readonly invokedAt: bigint;
  /** Number of the line that invoked it, from 1. */
  readonly line: number;
}

/** One call of one process, from its invocation to what became of it. */
export type Operation<N extends F = F> = { readonly [Each in N]: OperationOf<Each> }[N];

/** The cluster said that the session is dead. */
export interface Notice {
  readonly client: string;
  readonly at: bigint;
  readonly line: number;
}

/** A fault begins or ends. */
export interface Nemesis {
  readonly f: string;
  readonly phase?: string | undefined;
  readonly node?: string | undefined;
  readonly at: bigint;
}

export interface Mark {
  readonly mark: string;
  readonly at: bigint;
}

/** A recorded run. */
export interface History {
  readonly meta: Meta;
  /** In the order of their invocations. */
  readonly operations: readonly Operation[];
  readonly notices: readonly Notice[];
  readonly nemeses: readonly Nemesis[];
  readonly marks: readonly Mark[];
}

/** What the lock of that name is. */
export function settingsOf(meta: Meta, name: string): LockSettings {
  const own = meta.locks.get(name);
  if (own !== undefined) return own;
  for (const [prefix, settings] of meta.prefixes) if (name.startsWith(prefix)) return settings;
  return meta.default;
}

/** The names that an operation is about. */
export function namesIn({ call }: Operation): readonly string[] {
  if ('parts' in call) return call.parts.map(({ name }) => name);
  return 'name' in call ? [call.name] : [];
}

/** Operations of these names. */
export const only = <N extends F>(
  operations: readonly Operation[],
  ...names: readonly N[]
): readonly Extract<Operation, { readonly f: N }>[] =>
  operations.filter((operation): operation is Extract<Operation, { readonly f: N }> =>
    names.some((name) => name === operation.f),
  );
