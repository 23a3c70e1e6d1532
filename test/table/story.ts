import fc from 'fast-check';
import type { Command, OpenSession, OperatorRequest, Part, SessionRequest } from '../../src/table/index.ts';
import type { Model } from './model.ts';
import {
  acquire,
  acquireFor,
  cancel,
  changeLimit,
  downgrade,
  endSession,
  exclusive,
  forceRelease,
  incarnationOf,
  nonceOf,
  permits,
  read,
  readUpgradeable,
  release,
  requestRevoke,
  steal,
  upgrade,
  write,
} from './world.ts';

/** What happens to a table, besides commands, that must not show. */
export type Step = Plan | 'checkpoint' | 'restart' | 'install';

/** A command whose numbers are chosen among what there is when its turn comes. */
export interface Plan {
  readonly kind: Command['kind'] | 'again';
  /** Where the choices start, one for each thing to choose. */
  readonly picks: readonly [who: number, when: number, what: number, how: number];
  readonly stamp: number;
}

const plans = (kind: Plan['kind']) =>
  fc.record({
    kind: fc.constant(kind),
    picks: fc.tuple(fc.nat(999), fc.nat(999), fc.nat(999), fc.nat(999)),
    stamp: fc.nat(5_000),
  });

const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: plans('started') },
  { weight: 6, arbitrary: plans('open') },
  { weight: 1, arbitrary: plans('close') },
  { weight: 2, arbitrary: plans('expire') },
  { weight: 12, arbitrary: plans('acquire') },
  { weight: 20, arbitrary: plans('acquire-all') },
  { weight: 4, arbitrary: plans('upgrade') },
  { weight: 4, arbitrary: plans('downgrade') },
  { weight: 2, arbitrary: plans('limit') },
  { weight: 8, arbitrary: plans('cancel') },
  { weight: 10, arbitrary: plans('release') },
  { weight: 4, arbitrary: plans('force-release') },
  { weight: 1, arbitrary: plans('end-session') },
  { weight: 1, arbitrary: plans('request-revoke') },
  { weight: 3, arbitrary: plans('steal') },
  { weight: 8, arbitrary: plans('again') },
  { weight: 3, arbitrary: fc.constantFrom<Step>('checkpoint', 'restart', 'install') },
);

export const stories: fc.Arbitrary<readonly Step[]> = fc.array(steps, { maxLength: 120, size: 'max' });

/** Makes commands of plans: mostly what a client would say, sometimes what a broken or hostile one would. */
export class Author {
  readonly #model: Model;
  readonly #said: Command[] = [];
  readonly #highest = new Map<number, number>();

  constructor(model: Model) {
    this.#model = model;
  }

  write(plan: Plan): Command {
    const command = this.#write(plan);
    this.#said.push(command);
    return command;
  }

  #write({ kind, picks }: Plan): Command {
    const [who, when, what] = picks;
    switch (kind) {
      case 'again':
        return this.#said[who % Math.max(1, this.#said.length)] ?? { kind: 'close', session: 1 };
      case 'started':
        return { kind, ...runOf(who, what), boot: String(1 + (when % 2)) };
      case 'open':
        return this.#open(picks);
      case 'close':
        return { kind, session: this.#session(who) };
      case 'expire': {
        const session = this.#session(who);
        const version = this.#model.sessions.find(({ id }) => id === session)?.version ?? 1;
        return { kind, session, version: Math.max(0, version - (when % 3)) };
      }
      default:
        return this.#request(kind, picks);
    }
  }

  #open([who, when, what, how]: Plan['picks']): Command {
    const [start] = this.#model.starts;
    const homes: readonly OpenSession['home'][] = [undefined, undefined, start && homeOf(start), runOf(who, what)];
    const ttlMs = when % 7 === 0 ? 2_000 : 1_000;
    return { kind: 'open', nonce: nonceOf(1 + (who % 12)), ttlMs, home: homes[how % homes.length], label: 'somebody' };
  }

  #request(kind: SessionRequest['kind'], [who, when, what, how]: Plan['picks']): SessionRequest {
    const session = this.#session(who);
    const highest = this.#highest.get(session) ?? 0;
    const sequence = when % 8 === 0 ? 1 + (what % (highest + 1)) : highest + 1 + (when % 3 === 0 ? 1 : 0);
    this.#highest.set(session, Math.max(highest, sequence));
    const now = this.#model.sessions.find(({ id }) => id === session)?.mark ?? 0;
    const marks = [now, now, now + 1, what % sequence, sequence - 1];
    const turn = [session, sequence, Math.min(marks[how % marks.length] ?? 0, sequence - 1)] as const;
    const waits = how % 4 !== 0;
    const hold = this.#hold(session, when, what);
    switch (kind) {
      case 'acquire':
        return acquire(turn, nameOf(what), waits);
      case 'acquire-all':
        return this.#acquire(turn, [what, how], waits);
      case 'upgrade':
        return upgrade(turn, this.#hold(session, when, what, 'U'), waits);
      case 'downgrade':
        return downgrade(turn, this.#hold(session, when, what, 'W'), how % 2 === 0 ? 'U' : 'R');
      case 'limit':
        return changeLimit(turn, partAt(4 + (what % 5), 0).name, 1 + (how % 4));
      case 'cancel':
        if (sequence === 1) return acquire(turn, nameOf(what), waits);
        return cancel(turn, this.#target(session, sequence, what));
      case 'release':
        return release(turn, hold.name, hold.token);
      case 'force-release':
      case 'request-revoke':
      case 'steal':
      case 'end-session':
        return this.#order(kind, turn, [what, how]);
      default:
        return kind satisfies never;
    }
  }

  /** Of anybody's holds. */
  #order(
    kind: OperatorRequest['kind'],
    turn: readonly [number, number, number],
    [what, how]: readonly [number, number],
  ): SessionRequest {
    const meant = this.#hold(0, 0, what);
    switch (kind) {
      case 'force-release':
        return forceRelease(turn, meant.name, how % 2 === 0 ? undefined : meant.token);
      case 'request-revoke':
        return requestRevoke(turn, meant.name, how % 2 === 0 ? undefined : meant.token);
      case 'steal':
        return steal(turn, meant.name, ['a', 'c'].includes(meant.name) ? 'X' : 'W');
      case 'end-session':
        return endSession(turn, this.#session(how));
      default:
        return kind satisfies never;
    }
  }

  /** For one of three owners, or for nobody. */
  #acquire(
    turn: readonly [number, number, number],
    [what, how]: readonly [number, number],
    waits: boolean,
  ): SessionRequest {
    const owner = [undefined, 'ann', 'bob', 'cy', undefined][(what + how) % 5];
    const parts = this.#parts(what, how);
    const reenters = owner !== undefined && parts.length === 1 && parts[0]?.mode === 'X' && what % 2 === 0;
    return acquireFor(owner, turn, parts, waits, reenters);
  }

  /** Mostly one, of any kind, and mostly of the limit that there is. */
  #parts(what: number, how: number): readonly Part[] {
    const parts = [partAt(what, how)];
    for (let more = how % 7; more > 4; more -= 1) parts.push(partAt(what + more, what));
    return parts
      .filter(({ name }, at) => parts.findIndex((part) => part.name === name) === at)
      .map((part) => {
        const limit = this.#model.limitOf(part.name) ?? part.limit;
        if (part.mode !== 'S' || limit === 0 || how % 9 === 0) return part;
        return { ...part, limit, permits: Math.min(part.permits, limit) };
      });
  }

  /** Mostly one of its own, and of that mode if there is one. */
  #hold(session: number, when: number, what: number, mode?: string): { readonly name: string; readonly token: number } {
    const holds = this.#model.claims.filter((claim) => claim.token !== undefined);
    const mine = holds.filter((claim) => claim.session === session);
    const apt = mine.filter((claim) => claim.mode === mode);
    const meant = when % 6 === 0 ? pick(holds, what) : (pick(apt, what) ?? pick(mine, what));
    return { name: meant?.name ?? nameOf(what), token: meant?.token ?? 1 + (what % 9) };
  }

  #session(who: number): number {
    return (who % 9 === 0 ? undefined : pick(this.#model.sessions, who)?.id) ?? 1 + (who % 5);
  }

  #target(session: number, sequence: number, what: number): number {
    const waiting = this.#model.claims.filter((claim) => claim.session === session && claim.sequence < sequence);
    const meant = what % 3 === 0 ? undefined : pick(waiting, what);
    return meant?.sequence ?? 1 + (what % (sequence - 1));
  }
}

const pick = <T>(some: readonly T[], at: number): T | undefined => some[at % Math.max(1, some.length)];

const nameOf = (what: number): string => ['a', 'b', 'c', 'r'][what % 4] ?? 'a';

export const names: readonly string[] = ['a', 'b', 'c', 'r', 's', 't'];

/** Something that can be wanted: mostly of a name that is always used in that way. */
const partAt = (what: number, how: number): Part => {
  const wishes = [read('r'), read('r'), readUpgradeable('r'), write('r'), permits('s', 1 + (how % 3), 3)];
  const others = [permits('s', 1, 3), permits('t', 1 + (how % 2), 2), exclusive('a'), write('b'), permits('s', 1, 2)];
  return [...wishes, ...others][what % 10] ?? read('r');
};

const runOf = (who: number, what: number) => ({
  node: ['n1', 'n2', 'n3'][who % 3] ?? 'n1',
  incarnation: incarnationOf(1 + (what % 2)),
  run: 1 + (what % 3),
});

const homeOf = ({ node, incarnation, run }: NonNullable<OpenSession['home']>) => ({ node, incarnation, run });
