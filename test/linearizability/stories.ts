import fc from 'fast-check';
import type { MetaToWrite } from './index.ts';
import {
  asked,
  closed,
  type During,
  denied,
  type Event,
  forced,
  gave,
  kept,
  opened,
  saw,
  took,
  validated,
} from './scenes.ts';

type Kind = 'mutex' | 'rw' | 'semaphore';

/** One act of somebody, in the order in which a lock that makes no mistakes carries them out. */
export interface Act {
  readonly kind: 'acquire' | 'release' | 'lapse' | 'read' | 'validate' | 'force' | 'close';
  readonly client: number;
  readonly which: number;
  readonly mode: 'r' | 'w';
  readonly permits: number;
  /** How long before it was carried out it was asked for, and how long after the answer came. */
  readonly before: number;
  readonly after: number;
  /** `lost`: carried out, but nobody heard. `never`: nobody heard, and it was not carried out. */
  readonly fate: 'heard' | 'lost' | 'never';
}

/** Something known of a hold in a story. */
export interface Told {
  readonly client: string;
  readonly token: number;
  readonly permits: number;
  /** When its grant was answered; absent if it never was. */
  readonly heardAt: number | undefined;
  /** When something was first asked that may have ended it. */
  mayEndAt: number;
  /** When the answer came that it is released. */
  releasedAt: number | undefined;
}

/** What a story says, and what is certain in it. */
export interface Story {
  readonly kind: Kind;
  readonly meta: Partial<MetaToWrite>;
  readonly events: readonly Event[];
  readonly told: readonly Told[];
  readonly end: number;
}

const stepMs = 10;
const startMs = 1_000;
const permitsMax = 3;

/** Random acts; they shrink towards few and short ones that are all heard. */
export const acts = (maxLength: number): fc.Arbitrary<readonly Act[]> => actsOf({ maxLength });

/** The same, within bounds. */
export const actsOf = (length: {
  readonly minLength?: number;
  readonly maxLength: number;
}): fc.Arbitrary<readonly Act[]> =>
  fc.array(
    fc.record({
      kind: fc.constantFrom<Act['kind'][]>(
        'acquire',
        'acquire',
        'release',
        'release',
        'read',
        'validate',
        'lapse',
        'force',
        'close',
      ),
      client: fc.nat({ max: 2 }),
      which: fc.nat({ max: 3 }),
      mode: fc.constantFrom<Act['mode'][]>('w', 'r'),
      permits: fc.integer({ min: 1, max: 2 }),
      before: fc.nat({ max: 4 * stepMs }),
      after: fc.nat({ max: 4 * stepMs }),
      fate: fc.constantFrom<Act['fate'][]>('heard', 'heard', 'heard', 'lost', 'never'),
    }),
    length,
  );

export const kinds: fc.Arbitrary<Kind> = fc.constantFrom('mutex', 'rw', 'semaphore');

interface Hold {
  readonly told: Told;
  readonly mode: 'r' | 'w';
}

/** Tells the acts as a history that is lawful by how it is made. */
export function tell(kind: Kind, all: readonly Act[]): Story {
  const teller = new Teller(kind);
  for (const [at, act] of all.entries()) teller.take(act, startMs + at * stepMs);
  const settings = kind === 'semaphore' ? { kind, permits: permitsMax, fair: false } : { kind, fair: false };
  return {
    kind,
    meta: { sessions: 'strict', ttl_ms: 1e6, default: settings },
    events: teller.events,
    told: teller.told,
    end: startMs + all.length * stepMs + 5 * stepMs,
  };
}

class Teller {
  readonly events: Event[] = [];
  readonly told: Told[] = [];
  readonly #kind: Kind;
  readonly #lives = [0, 0, 0];
  #holds: readonly Hold[] = [];
  #token = 0;
  /** What may still end holds that are granted later. */
  readonly #threats: { readonly client: string | undefined; readonly until: number }[] = [];

  constructor(kind: Kind) {
    this.#kind = kind;
    for (const client of [0, 1, 2]) this.events.push(opened(this.#name(client), [1, 2]));
  }

  take(act: Act, at: number): void {
    const from = at - act.before;
    const during: During = act.fate === 'heard' ? [from, at + act.after] : [from];
    switch (act.kind) {
      case 'acquire':
        return this.#acquire(act, during);
      case 'release':
        return this.#release(act, during);
      case 'lapse': {
        const loose = this.#holds.find(({ told }) => told.heardAt === undefined);
        if (loose !== undefined) this.#end([loose]);
        return;
      }
      case 'read':
        if (act.fate === 'heard') this.events.push(saw(during, ...this.#shown()));
        return;
      case 'validate':
        if (act.fate === 'heard') this.#validate(act, during);
        return;
      case 'force':
        this.events.push(forced(during));
        this.#threaten(undefined, during);
        if (act.fate !== 'never') this.#end(this.#holds);
        return;
      case 'close':
        return this.#close(act, during);
      default:
        act.kind satisfies never;
    }
  }

  #acquire({ client: place, mode, permits, fate, which }: Act, during: During): void {
    const client = this.#name(place);
    const wish = this.#kind === 'rw' ? { mode } : this.#kind === 'semaphore' ? { permits } : {};
    const want = { mode: this.#kind === 'rw' ? mode : 'w', permits: this.#kind === 'semaphore' ? permits : 1 } as const;
    if (fate === 'never' || (fate === 'lost' && !this.#fits(want))) {
      this.events.push(asked(client, during[0], wish));
    } else if (!this.#fits(want)) {
      this.events.push(denied(client, during, which === 0 ? 'timeout' : 'held', wish));
    } else {
      this.#token += 1 + which;
      const token = this.#token;
      this.events.push(fate === 'heard' ? took(client, during, token, wish) : asked(client, during[0], wish));
      const told: Told = {
        client,
        token,
        permits: want.permits,
        heardAt: during[1],
        mayEndAt: this.#isThreatened(client, during[0]) ? 0 : Number.POSITIVE_INFINITY,
        releasedAt: undefined,
      };
      this.told.push(told);
      this.#holds = [...this.#holds, { told, mode: want.mode }];
    }
  }

  #release({ client, which, fate }: Act, during: During): void {
    const hold = this.#holds[which % Math.max(1, this.#holds.length)];
    if (hold === undefined) {
      this.events.push(kept(this.#name(client), during, 1_000_000));
      return;
    }
    const { told } = hold;
    this.events.push(gave(told.client, during, told.token));
    told.mayEndAt = Math.min(told.mayEndAt, during[0]);
    if (fate === 'never') return;
    told.releasedAt = during[1];
    this.#end([hold]);
  }

  #validate({ client, which }: Act, during: During): void {
    const hold = this.#holds[which];
    if (hold === undefined) this.events.push(validated(this.#name(client), during, [1_000_000, false]));
    else this.events.push(validated(hold.told.client, during, [hold.told.token, true]));
  }

  /** Whoever closes begins a new life under a new name. */
  #close({ client, fate }: Act, during: During): void {
    const name = this.#name(client);
    this.events.push(closed(name, during));
    this.#threaten(name, during);
    if (fate === 'never') return;
    this.#end(this.#holds.filter(({ told }) => told.client === name));
    this.#lives[client] = (this.#lives[client] ?? 0) + 1;
    this.events.push(opened(this.#name(client), [1, 2]));
  }

  #threaten(client: string | undefined, [from, until = Number.POSITIVE_INFINITY]: During): void {
    this.#threats.push({ client, until });
    for (const told of this.told) {
      if (client === undefined || told.client === client) told.mayEndAt = Math.min(told.mayEndAt, from);
    }
  }

  #isThreatened(client: string, from: number): boolean {
    return this.#threats.some((threat) => threat.until >= from && (threat.client ?? client) === client);
  }

  #fits(want: { readonly mode: 'r' | 'w'; readonly permits: number }): boolean {
    switch (this.#kind) {
      case 'mutex':
        return this.#holds.length === 0;
      case 'rw':
        return this.#holds.every(({ mode }) => mode === 'r' && want.mode === 'r');
      case 'semaphore':
        return this.#holds.reduce((sum, { told }) => sum + told.permits, want.permits) <= permitsMax;
      default:
        return this.#kind satisfies never;
    }
  }

  #shown(): readonly (readonly [string, number])[] {
    return this.#holds.map(({ told }) => [told.client, told.token]);
  }

  #end(ended: readonly Hold[]): void {
    this.#holds = this.#holds.filter((hold) => !ended.includes(hold));
  }

  #name(client: number): string {
    return `${'ABC'[client]}${this.#lives[client] ?? 0}`;
  }
}
