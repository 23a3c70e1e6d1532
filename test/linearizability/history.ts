/** How the locks of a run count as one kind or another. */
export type LockKind = 'mutex' | 'rw' | 'semaphore';

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
}

/** Why an acquire was not granted: `held` was true within the call, `session` is final, the others say just that. */
export type Refusal = 'held' | 'timeout' | 'cancelled' | 'limit' | 'session';

/** One hold as a read shows it. */
export interface Holder {
  readonly client: string;
  readonly token: number;
  /** Re-entries or permits. */
  readonly count?: number | undefined;
}

interface Wanted {
  readonly name: string;
  readonly client: string;
  readonly mode: 'r' | 'w';
  readonly permits: number;
  readonly wait_ms?: number | undefined;
}

/** What is asked, by the name of the operation. */
export interface Calls {
  readonly open: { readonly client: string; readonly ttl_ms?: number | undefined };
  readonly keepalive: { readonly client: string };
  readonly close: { readonly client: string };
  readonly acquire: Wanted;
  readonly tryAcquire: Wanted;
  /** Without `permits`: the whole grant. */
  readonly release: {
    readonly name: string;
    readonly client: string;
    readonly token: number;
    readonly permits?: number | undefined;
  };
  readonly validate: { readonly name: string; readonly client: string; readonly token: number };
  readonly holder: { readonly name: string; readonly consistency: 'linearizable' | 'stale' };
  readonly forceRelease: { readonly name: string };
  readonly guard: { readonly name: string; readonly client: string; readonly token: number };
}

type Granting =
  | { readonly granted: true; readonly token: number }
  | { readonly granted: false; readonly reason: Refusal };

/** What is known of an operation that is over, by its name. */
export interface Results {
  readonly open: { readonly client?: string | undefined };
  readonly keepalive: { readonly reason?: 'session' | undefined };
  readonly close: Readonly<Record<never, never>>;
  readonly acquire: Granting;
  readonly tryAcquire: Granting;
  readonly release: { readonly released: boolean; readonly reason?: string | undefined };
  readonly validate: { readonly held: boolean };
  readonly holder: { readonly holders: readonly Holder[] };
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
export const settingsOf = (meta: Meta, name: string): LockSettings => meta.locks.get(name) ?? meta.default;

/** Operations of these names. */
export const only = <N extends F>(
  operations: readonly Operation[],
  ...names: readonly N[]
): readonly Extract<Operation, { readonly f: N }>[] =>
  operations.filter((operation): operation is Extract<Operation, { readonly f: N }> =>
    names.some((name) => name === operation.f),
  );
