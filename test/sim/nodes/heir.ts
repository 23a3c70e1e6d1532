import type { AcquireOutcome, AcquireWish, Acquisition } from '../../../src/acquisition.ts';
import { errandOf } from '../../../src/errand.ts';
import { NotHeldError } from '../../../src/errors.ts';
import type { Hold } from '../../../src/hold.ts';
import type { SessionEngine } from '../../../src/session-engine.ts';
import { Stream } from '../../../src/testing/index.ts';
import { decodeLock } from '../../../src/views.ts';
import { type Desire, nameAt } from './desires.ts';
import type { Claim } from './law.ts';
import type { Way } from './party.ts';
import type { NodeWorld } from './world.ts';

/** Lets anybody take a hold over. */
export interface Ticket {
  readonly name: string;
  readonly secret: string;
  /** When it was acquired. */
  readonly token: number;
}

/** What a party lends to its heir. */
interface Lent {
  readonly way: Way;
  readonly engine: SessionEngine;
  /** Something is asked; the result is called when it has its outcome. */
  readonly ask: (what: string) => () => void;
  /** `heard` is told the outcome first; `done` gets what is held then. */
  readonly acquire: (
    wish: AcquireWish,
    done: (claims: readonly Claim[] | undefined) => void,
    heard: (outcome: AcquireOutcome) => void,
  ) => Acquisition;
  readonly release: (claims: readonly Claim[], done: () => void) => void;
}

/** How often it is looked whether something is left that nobody has. */
const clearMs = 500;

/** The part of a party that hands holds on, and takes over what others have or nobody has any more. */
export class Heir {
  readonly #world: NodeWorld;
  readonly #lent: Lent;
  /** Its own, so that runs without it take the course that they always took. */
  readonly #stream: Stream;

  constructor(world: NodeWorld, lent: Lent) {
    this.#world = world;
    this.#lent = lent;
    this.#stream = new Stream(world.conditions.seed, `heir ${lent.way.name} at ${world.cluster.time.now}`);
  }

  /** Whether it takes something over now. */
  get isMinded(): boolean {
    return this.#world.conditions.handsOn && this.#world.tickets.length > 0 && this.#stream.chance(0.3);
  }

  /** The same, but now and then so that it can be handed on, or outlives its session. */
  given(desire: Desire): Desire {
    if (!this.#world.conditions.handsOn || desire.parts === undefined || !this.#stream.chance(0.7)) return desire;
    const sticky = this.#stream.chance(0.8) ? true : undefined;
    return { ...desire, reenters: false, options: { ...desire.options, secret: this.#secret(), sticky } };
  }

  /** Everybody may have what is held. */
  holds(hold: Hold): void {
    const { name, token, options } = hold;
    const isKnown = this.#world.tickets.some((ticket) => ticket.name === name && ticket.secret === options?.secret);
    if (options?.secret !== undefined && !isKnown) this.#world.tickets.push({ name, secret: options.secret, token });
  }

  /** Nobody will have it any more. */
  released({ name, options }: Hold): void {
    const ticket = this.#world.tickets.find((each) => each.name === name && each.secret === options?.secret);
    if (ticket !== undefined) this.#world.forget(ticket);
  }

  /** Takes something over, now and then for so short a time that nobody knows what came of it. */
  takeOver(done: (claims: readonly Claim[] | undefined) => void): void {
    const limitMs = this.#stream.chance(0.3) ? this.#stream.logUniform(1, 3_000) : undefined;
    const isPinned = this.#stream.chance(0.2);
    this.#takeOver(this.#stream.pick(this.#world.tickets), { limitMs, isPinned }, done);
  }

  /** In a cluster at rest: takes over and lets go of all that is left, and ends by force what nobody can take over. */
  clear(isClear: () => boolean): void {
    if (!this.#world.conditions.handsOn || isClear()) return;
    const again = (): void => {
      this.#lent.way.clock.after(clearMs, () => this.clear(isClear));
    };
    const [ticket] = this.#world.tickets;
    if (ticket === undefined) return this.#bury(1, again);
    this.#takeOver(ticket, { limitMs: undefined, isPinned: false }, (claims) => {
      if (claims !== undefined) this.#lent.release(claims, () => this.clear(isClear));
      else if (this.#world.tickets.includes(ticket)) again();
      else this.clear(isClear);
    });
  }

  #takeOver(
    ticket: Ticket,
    { limitMs, isPinned }: { readonly limitMs: number | undefined; readonly isPinned: boolean },
    done: (claims: readonly Claim[] | undefined) => void,
  ): void {
    const { name, secret, token } = ticket;
    const takesOver = { secret, token: isPinned ? token : undefined };
    const wish: AcquireWish = { name, waits: true, limitMs, takesOver };
    this.#lent.acquire(wish, done, (outcome) => {
      if (outcome.kind === 'granted') this.#world.count('hand-overs');
      // The hold may stand under another token; but not if there is none with that secret.
      const isOver = outcome.kind === 'failed' && outcome.error instanceof NotHeldError && !isPinned;
      if (isOver) this.#world.forget(ticket);
    });
  }

  /** From that lock on, counted from 1: ends holds whose sessions and tickets are gone. */
  #bury(at: number, done: () => void): void {
    if (at > this.#world.conditions.locks) return done();
    const name = nameAt(at);
    const settle = this.#lent.ask(`what is left of ${name}`);
    this.#lent.way.gateway.query({ kind: 'inspect', name, consistency: 'linearizable' }, (outcome) => {
      settle();
      const holders = outcome.ok ? (decodeLock(outcome.value)?.holders ?? []) : [];
      const orphan = holders.find(({ session }) => session === 0);
      if (orphan === undefined) return this.#bury(at + 1, done);
      const end = this.#lent.ask(`the end of ${name}`);
      const by = { actor: this.#lent.way.name, reason: 'nobody has it' };
      const order = { kind: 'force-release', name, token: orphan.token, ...by } as const;
      this.#lent.engine.run(errandOf(order), () => {
        end();
        this.#bury(at, done);
      });
    });
  }

  #secret(): string {
    return Array.from({ length: 4 }, () => this.#stream.u32().toString(16).padStart(8, '0')).join('');
  }
}
