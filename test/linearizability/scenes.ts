import type { CallToWrite, CycleStep, MetaToWrite, Mode, PartToWrite, PlainRefusal, ResultToWrite } from './index.ts';

/** When a call was made and answered, ms; without the second, nobody knows what became of it. */
export type During = readonly [from: number, until?: number];

/** One line or two of a history made by hand. */
export type Event =
  | { readonly kind: 'call'; readonly during: During; readonly call: CallToWrite; readonly result: ResultToWrite }
  | { readonly kind: 'failure'; readonly during: readonly [number, number]; readonly call: CallToWrite }
  | { readonly kind: 'line'; readonly at: number; readonly line: Readonly<Record<string, unknown>> };

const lock = 'l';

interface Wish {
  readonly name?: string;
  readonly mode?: Mode;
  readonly permits?: number;
  readonly limit?: number;
  readonly owner?: string;
  readonly reenters?: boolean;
}

const called = (during: During, call: CallToWrite, result: ResultToWrite): Event => ({
  kind: 'call',
  during,
  call,
  result,
});

/** Acquired with that token. */
export const took = (client: string, during: During, token: number, wish: Wish = {}): Event =>
  called(during, { f: 'acquire', name: lock, client, ...wish }, { granted: true, token });

/** Asked for it and never heard. */
export const asked = (client: string, from: number, wish: Wish = {}): Event =>
  called([from], { f: 'acquire', name: lock, client, ...wish }, {});

/** Tried once, or waited, in vain. */
export const denied = (client: string, during: During, reason: PlainRefusal = 'held', wish: Wish = {}): Event => {
  const f = reason === 'held' ? 'tryAcquire' : 'acquire';
  return called(during, { f, name: lock, client, ...wish }, { granted: false, reason });
};

/** Several at once, with the first one's token. */
export const tookAll = (client: string, during: During, token: number, parts: readonly PartToWrite[]): Event =>
  called(during, { f: 'acquireAll', client, parts }, { granted: true, token });

/** Asked for several and never heard. */
export const askedAll = (client: string, from: number, parts: readonly PartToWrite[]): Event =>
  called([from], { f: 'acquireAll', client, parts }, {});

/** Tried for several in vain. */
export const deniedAll = (client: string, during: During, parts: readonly PartToWrite[]): Event =>
  called(during, { f: 'tryAcquireAll', client, parts }, { granted: false, reason: 'held' });

/** A write of an upgradeable read: under which token, and which came of it. */
export const upgraded = (client: string, during: During, tokens: readonly [had: number, token: number]): Event =>
  called(during, { f: 'upgrade', name: lock, client, token: tokens[0] }, { granted: true, token: tokens[1] });

/** An upgrade of that nobody heard. */
export const upgrading = (client: string, from: number, token: number): Event =>
  called([from], { f: 'upgrade', name: lock, client, token }, {});

export const notUpgraded = (client: string, during: During, token: number, reason: PlainRefusal = 'held'): Event =>
  called(during, { f: 'upgrade', name: lock, client, token }, { granted: false, reason });

export const downgraded = (client: string, during: During, token: number, to: 'u' | 'r'): Event =>
  called(during, { f: 'downgrade', name: lock, client, token, to }, { done: true });

export const relimited = (client: string, during: During, permits: number): Event =>
  called(during, { f: 'setLimit', name: lock, client, permits }, { done: true });

/** Was told that the semaphore has so many permits, and not what it believed. */
export const misled = (client: string, during: During, limit: number, wish: Wish): Event =>
  called(during, { f: 'acquire', name: lock, client, ...wish }, { granted: false, reason: 'wrong-limit', limit });

/** Was refused because it would have waited for itself. */
export const circled = (client: string, during: During, cycle: readonly CycleStep[], wish: Wish): Event =>
  called(during, { f: 'acquire', name: lock, client, ...wish }, { granted: false, reason: 'deadlock', cycle });

/** Released; with `permits` only so many. */
export const gave = (client: string, during: During, token: number, permits?: number): Event => {
  const part = permits === undefined ? {} : { permits };
  return called(during, { f: 'release', name: lock, client, token, ...part }, { released: true });
};

/** Released at a lock of any name. */
export const gaveAt = (
  during: During,
  hold: { readonly name: string; readonly client: string; readonly token: number },
) => called(during, { f: 'release', ...hold }, { released: true });

/** Was told that there was nothing to release. */
export const kept = (client: string, during: During, token: number, reason?: string): Event => {
  const why = reason === undefined ? {} : { reason };
  return called(during, { f: 'release', name: lock, client, token }, { released: false, ...why });
};

/** Asked whether it still holds the lock. */
export const validated = (client: string, during: During, held: readonly [token: number, isHeld: boolean]): Event =>
  called(during, { f: 'validate', name: lock, client, token: held[0] }, { held: held[1] });

/** A read of the holders: client, token, and perhaps a count. */
export const saw = (during: During, ...holders: readonly (readonly [string, number, number?])[]): Event => {
  const shown = holders.map(([client, token, count]) =>
    count === undefined ? { client, token } : { client, token, count },
  );
  return called(during, { f: 'holder', name: lock }, { holders: shown });
};

/** The same, of a node that may be behind. */
export const sawStale = (during: During, ...holders: readonly (readonly [string, number])[]): Event =>
  called(
    during,
    { f: 'holder', name: lock, consistency: 'stale' },
    { holders: holders.map(([client, token]) => ({ client, token })) },
  );

export const forced = (during: During): Event => called(during, { f: 'forceRelease', name: lock }, {});

/** A write to the guarded resource. */
export const wrote = (client: string, during: During, token: number, accepted = true): Event =>
  called(during, { f: 'guard', name: lock, client, token }, { accepted });

export const opened = (client: string, during: During, ttl_ms?: number): Event =>
  called(during, ttl_ms === undefined ? { f: 'open', client } : { f: 'open', client, ttl_ms }, {});

export const beat = (client: string, during: During): Event => called(during, { f: 'keepalive', client }, {});

export const beatRefused = (client: string, during: During): Event =>
  called(during, { f: 'keepalive', client }, { reason: 'session' });

export const closed = (client: string, during: During): Event => called(during, { f: 'close', client }, {});

export const expired = (client: string, at: number): Event => ({
  kind: 'line',
  at,
  line: { type: 'notice', f: 'expired', client },
});

/** Surely without effect. */
export const failed = (during: readonly [number, number], call: CallToWrite): Event => ({
  kind: 'failure',
  during,
  call,
});

/** What a history is of unless a scene says otherwise: sessions that live for 1,000 ms. */
export const mutex: MetaToWrite = { sessions: 'strict', ttl_ms: 1_000, default: { kind: 'mutex' } };

/** Locks of other kinds, none of whose holds ends by itself. */
export const calm = { sessions: 'none' } as const;
export const idempotent = { ...calm, default: { kind: 'mutex', reentrant: 'idempotent' } } as const;
export const counting = { ...calm, default: { kind: 'mutex', reentrant: 'count', max_count: 2 } } as const;
export const rw = { ...calm, default: { kind: 'rw' } } as const;
export const barging = { ...calm, default: { kind: 'rw', fair: false } } as const;
export const shared = { ...calm, default: { kind: 'rw', read_tokens: 'shared' } } as const;
export const three = { ...calm, default: { kind: 'semaphore', permits: 3 } } as const;
export const global = { ...calm, tokens: 'global' } as const;
export const read = { mode: 'r' } as const;
export const upgradeable = { mode: 'u' } as const;

/** The text of a history; every call has a process of its own. */
export function written(events: readonly Event[], meta: Partial<MetaToWrite> = {}): string {
  const lines = events.flatMap((event, process) => {
    switch (event.kind) {
      case 'line':
        return [{ ...event.line, time: ns(event.at) }];
      case 'failure':
        return [
          { type: 'invoke', process, time: ns(event.during[0]), ...event.call },
          { type: 'fail', process, time: ns(event.during[1]) },
        ];
      case 'call': {
        const [from, until] = event.during;
        const invoke = { type: 'invoke', process, time: ns(from), ...event.call };
        return until === undefined ? [invoke] : [invoke, { type: 'ok', process, time: ns(until), ...event.result }];
      }
      default:
        return event satisfies never;
    }
  });
  return [{ type: 'meta', version: 1, ...mutex, ...meta }, ...lines].map((line) => JSON.stringify(line)).join('\n');
}

const ns = (ms: number): string => `${BigInt(Math.round(ms * 1e6))}`;
