import type {
  AcquireAll,
  Command,
  OpenSession,
  OperatorRequest,
  Part,
  PlainRequest,
  SessionRequest,
  WriteRegister,
} from '../../src/table/index.ts';
import { homeOf, nameOf, optionsAt, partAt, pick, registerNames, runOf, secretOf } from './choices.ts';
import type { Model } from './model.ts';
import { endSession, forceRelease, requestRevoke, steal, takeOver } from './orders.ts';
import type { Plan } from './stories.ts';
import {
  acquire,
  acquireFor,
  begun,
  cancel,
  changeLimit,
  delayOver,
  downgrade,
  guarded,
  nonceOf,
  overdue,
  proclaim,
  release,
  upgrade,
  writing,
} from './world.ts';

const orders = ['force-release', 'steal', 'request-revoke', 'end-session'] as const;

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
      case 'overdue': {
        const begun = this.#model.claims.filter(({ hasBegun }) => hasBegun);
        const meant = when % 5 === 0 ? undefined : pick(begun, who);
        return overdue(meant?.name ?? nameOf(who), meant?.token ?? 1 + (what % 9));
      }
      case 'delay-over': {
        const delays = [...this.#model.delays.byName].map(([name, { token }]) => ({ name, token }));
        const meant = when % 5 === 0 ? undefined : pick(delays, who);
        return delayOver(meant?.name ?? nameOf(who), (meant?.token ?? 1 + (what % 9)) + (when % 5 === 1 ? 1 : 0));
      }
      default:
        return this.#request(kind, picks);
    }
  }

  #open([who, when, what, how]: Plan['picks']): Command {
    const [start] = this.#model.runs.starts;
    const homes: readonly OpenSession['home'][] = [undefined, undefined, start && homeOf(start), runOf(who, what)];
    const ttlMs = [2_000, 1_000, 6_000, 1_000, 1_000, 1_000, 1_000][when % 7] ?? 1_000;
    return { kind: 'open', nonce: nonceOf(1 + (who % 12)), ttlMs, home: homes[how % homes.length], label: 'somebody' };
  }

  #request(kind: SessionRequest['kind'] | 'write', [who, when, what, how]: Plan['picks']): SessionRequest {
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
      case 'begun':
        return begun(turn, this.#bounded(session, what) ?? hold);
      case 'release':
        return release(turn, hold.name, hold.token);
      case 'proclaim':
        return proclaim(turn, hold, `said ${how % 3}`);
      case 'guarded':
        return guarded(this.#guard(when, how), this.#behind(turn, [what, how], hold));
      case 'write':
        return guarded(this.#guard(when, how), this.#writing(turn, what, how));
      case 'take-over':
        return takeOver(turn, this.#ticket(what, how));
      case 'force-release':
      case 'request-revoke':
      case 'steal':
      case 'end-session':
        return this.#order(kind, turn, [what, how]);
      default:
        return kind satisfies never;
    }
  }

  /** Mostly of a hold that stands, whoever has it. */
  #ticket(what: number, how: number): Parameters<typeof takeOver>[1] {
    const holds = this.#model.claims.filter(({ token, options }) => token !== undefined && options?.secret);
    const { name, token, options } = pick(holds, what) ?? {};
    const secret = how % 9 === 0 ? undefined : options?.secret;
    return {
      name: name ?? nameOf(what),
      secret: secret ?? secretOf(how + 1),
      token: how % 4 === 0 ? token : undefined,
    };
  }

  /** Of anybody's holds. */
  #order(
    kind: OperatorRequest['kind'],
    turn: readonly [number, number, number],
    [what, how]: readonly [number, number],
  ): OperatorRequest {
    const isAnyNobodys = this.#model.claims.some(({ session }) => session === 0);
    const meant = this.#hold(0, isAnyNobodys && how % 3 === 0 ? 1 : 0, what);
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

  /** Mostly a hold that stands, whoever has it. */
  #guard(when: number, how: number): { readonly name: string; readonly token: number } {
    const holds = this.#model.claims.flatMap(({ name, token }) => (token === undefined ? [] : [{ name, token }]));
    const guard = (when + how) % 7 === 0 ? undefined : pick(holds, when);
    return guard ?? { name: nameOf(how), token: 1 + (when % 9) };
  }

  /** What else may stand behind a guard. */
  #behind(
    turn: readonly [number, number, number],
    [what, how]: readonly [number, number],
    hold: { readonly name: string; readonly token: number },
  ): PlainRequest {
    switch (how % 6) {
      case 0:
        return acquire(turn, nameOf(what), what % 3 !== 0);
      case 1:
        return release(turn, hold.name, hold.token);
      case 2:
        return changeLimit(turn, partAt(4 + (what % 5), 0).name, 1 + (how % 4));
      case 3:
        return turn[1] === 1 ? acquire(turn, nameOf(what)) : cancel(turn, this.#target(turn[0], turn[1], what));
      case 4:
        return this.#order(orders[what % orders.length] ?? 'steal', turn, [what, how]);
      default:
        return this.#acquire(turn, [what, how], what % 3 !== 0);
    }
  }

  #writing(turn: readonly [number, number, number], what: number, how: number): WriteRegister {
    const name = registerNames[what % registerNames.length] ?? 'k';
    const value = how % 6 === 0 ? null : ['', 'v', 'v\n\u{1f512}', 'a longer value'][how % 4];
    const version = this.#model.registers.at(name)?.version ?? 0;
    return writing(turn, name, value ?? null, [undefined, undefined, version, version, what % 4][what % 5]);
  }

  /** For one of three owners, or for nobody. */
  #acquire(
    turn: readonly [number, number, number],
    [what, how]: readonly [number, number],
    waits: boolean,
  ): AcquireAll {
    const owner = [undefined, 'ann', 'bob', 'cy', undefined][(what + how) % 5];
    const parts = this.#parts(what, how);
    const reenters = owner !== undefined && parts.length === 1 && parts[0]?.mode === 'X' && what % 2 === 0;
    const wish = acquireFor(owner, turn, parts, waits, reenters);
    const options = optionsAt(what, how);
    return options === undefined ? wish : { ...wish, options };
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

  #bounded(session: number, what: number): { readonly name: string; readonly token: number } | undefined {
    const holds = this.#model.claims.filter((claim) => claim.session === session && claim.options?.holdMsMax);
    const { name, token } = pick(holds, what) ?? {};
    return name === undefined || token === undefined ? undefined : { name, token };
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
