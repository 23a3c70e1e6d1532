import fc from 'fast-check';
import type { Acquire, Cancel, Command, OpenSession, Release } from '../../src/table/index.ts';
import type { Model } from './model.ts';
import { acquire, cancel, incarnationOf, nonceOf, release } from './world.ts';

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
  { weight: 20, arbitrary: plans('acquire') },
  { weight: 8, arbitrary: plans('cancel') },
  { weight: 10, arbitrary: plans('release') },
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
      case 'acquire':
      case 'cancel':
      case 'release':
        return this.#request(kind, picks);
      default:
        return kind satisfies never;
    }
  }

  #open([who, when, what, how]: Plan['picks']): Command {
    const [start] = this.#model.starts;
    const homes: readonly OpenSession['home'][] = [undefined, undefined, start && homeOf(start), runOf(who, what)];
    const ttlMs = when % 7 === 0 ? 2_000 : 1_000;
    return { kind: 'open', nonce: nonceOf(1 + (who % 12)), ttlMs, home: homes[how % homes.length], label: 'somebody' };
  }

  #request(kind: 'acquire' | 'cancel' | 'release', [who, when, what, how]: Plan['picks']): Acquire | Cancel | Release {
    const session = this.#session(who);
    const highest = this.#highest.get(session) ?? 0;
    const sequence = when % 8 === 0 ? 1 + (what % (highest + 1)) : highest + 1 + (when % 3 === 0 ? 1 : 0);
    this.#highest.set(session, Math.max(highest, sequence));
    const now = this.#model.sessions.find(({ id }) => id === session)?.mark ?? 0;
    const marks = [now, now, now + 1, what % sequence, sequence - 1];
    const turn = [session, sequence, Math.min(marks[how % marks.length] ?? 0, sequence - 1)] as const;
    const name = nameOf(what);
    if (kind === 'acquire' || (kind === 'cancel' && sequence === 1)) return acquire(turn, name, how % 4 !== 0);
    if (kind === 'cancel') return cancel(turn, this.#target(session, sequence, what));
    const holds = this.#model.claims.filter((claim) => claim.token !== undefined);
    const mine = holds.filter((claim) => claim.session === session);
    const meant = when % 6 === 0 ? pick(holds, what) : pick(mine, what);
    return release(turn, meant?.name ?? name, meant?.token ?? 1 + (what % 9));
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

const nameOf = (what: number): string => ['a', 'b', 'c'][what % 3] ?? 'a';

const runOf = (who: number, what: number) => ({
  node: ['n1', 'n2', 'n3'][who % 3] ?? 'n1',
  incarnation: incarnationOf(1 + (what % 2)),
  run: 1 + (what % 3),
});

const homeOf = ({ node, incarnation, run }: NonNullable<OpenSession['home']>) => ({ node, incarnation, run });
