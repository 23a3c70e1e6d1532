import { setTimeout as pause } from 'node:timers/promises';
import type { Stream } from '../../src/testing/index.ts';
import type { Guarded } from './guarded.ts';
import type { Host } from './host.ts';
import type { Actor, Journal } from './journal.ts';
import type { KindNames } from './kind-names.ts';
import { KindWorker } from './kind-worker.ts';
import type { Life } from './life.ts';
import type { LockNames } from './lock-names.ts';
import type { Answer } from './messages.ts';
import type { Standing } from './standing.ts';
import type { Tally } from './tally.ts';

/** What all workers share. */
export interface Workplace {
  readonly journal: Journal;
  readonly names: LockNames;
  readonly guarded: Guarded;
  readonly standing: Standing;
  readonly tally: Tally;
  readonly kindNames: KindNames;
}

interface Held {
  readonly name: string;
  readonly token: number;
  /** Its number in the process that has it. */
  readonly hold: number;
  readonly life: Life;
}

/** How a lock is asked for. */
export type AcquireCall =
  | { readonly kind: 'acquire'; readonly name: string; readonly timeout: number | undefined }
  | { readonly kind: 'try'; readonly name: string };

/** How much of the work is on locks that are not plain. */
const kindsPart = 0.4;

/** Longest time that a worker keeps a lock on purpose, in ms; now and then it does. */
const holdMsMax = 800;

/**
 * One worker: it sits in the harness, its calls are made by a process of the run. One operation at a time; the actor in
 * whose name it is recorded changes whenever an outcome stays unknown or a hold is lost.
 */
export class Worker {
  readonly #host: Host;
  readonly #seat: number;
  readonly #place: Workplace;
  readonly #random: Stream;
  readonly #kinds: KindWorker;
  #actor: Actor;
  /** How `inspect` calls its session. */
  readonly home: string;
  /** What it is at, for people. */
  doing = 'nothing';

  constructor(
    seat: { readonly host: Host; readonly seat: number; readonly home: string },
    place: Workplace,
    random: Stream,
  ) {
    this.#host = seat.host;
    this.#seat = seat.seat;
    this.home = seat.home;
    this.#place = place;
    this.#random = random;
    this.#actor = place.journal.actor(this.home);
    this.#kinds = new KindWorker(seat, place, random);
  }

  /** Works until told to stop; the critical section under way is finished first. */
  async work(stopping: AbortSignal): Promise<void> {
    const told = aborted(stopping);
    while (!stopping.aborted) {
      if (this.#host.life === undefined) {
        this.doing = 'waiting for its process';
        await Promise.race([this.#host.joined(), told]);
        continue;
      }
      if (this.#random.chance(kindsPart)) {
        this.doing = 'something with locks of other kinds';
        await this.#kinds.turn();
      } else await this.#turn();
      this.doing = 'resting';
      await pause(this.#random.between(1, 15));
    }
    this.doing = 'done';
  }

  /** One acquire by a given time, released again; says whether it was granted. */
  async prove(name: string, timeout: number): Promise<boolean> {
    const held = await this.#acquire({ kind: 'acquire', name, timeout });
    if (held !== undefined) await this.#release(held);
    return held !== undefined;
  }

  /** Asks as told, stays in the critical section for a while if it gets in, and leaves. */
  async visit(call: AcquireCall, stayMs: number): Promise<void> {
    const held = await this.#acquire(call);
    if (held === undefined) return;
    await pause(stayMs);
    if (await this.#validate(held)) await this.#guard(held);
    await this.#release(held);
  }

  async #turn(): Promise<void> {
    const name = this.#place.names.at(this.#random.int(0, 1_000));
    const dice = this.#random.unit();
    if (dice < 0.15) return await this.inspect(name);
    const held = await this.#acquire(
      dice < 0.3
        ? { kind: 'try', name }
        : { kind: 'acquire', name, timeout: dice < 0.5 ? undefined : this.#random.int(5, 1_500) },
    );
    if (held === undefined) return;
    await this.#criticalSection(held);
    // Whatever the holder believes: after a jump of the clock it only doubts, and would keep the lock for ever.
    await this.#release(held);
  }

  /** Works under the lock for a moment, as long as the holder believes in it. */
  async #criticalSection(held: Held): Promise<void> {
    let isHeld = true;
    for (let steps = this.#random.int(1, 3); steps > 0 && isHeld; steps -= 1) {
      await pause(this.#random.chance(0.04) ? this.#random.int(50, holdMsMax) : this.#random.between(0, 3));
      isHeld = this.#random.chance(0.5) ? await this.#guard(held) : await this.#validate(held);
    }
  }

  async #acquire(call: AcquireCall): Promise<Held | undefined> {
    const { journal, tally, standing, names } = this.#place;
    const { name } = call;
    const { life } = this.#host;
    if (life === undefined) return undefined;
    names.operated(name);
    const actor = this.#actor;
    const isContended = standing.comes(name);
    this.doing = `${call.kind} ${name}`;
    if (call.kind === 'try') journal.invoke(actor, { f: 'tryAcquire', name, client: actor.client });
    else {
      const wait = call.timeout === undefined ? {} : { wait_ms: call.timeout };
      journal.invoke(actor, { f: 'acquire', name, client: actor.client, ...wait });
    }
    const hold = life.nextId;
    const answer = await life.ask({ ...call, seat: this.#seat });
    tally.operations += 1;
    if (answer?.kind !== 'granted') {
      standing.goes(name);
      this.#refused(name, answer);
      return undefined;
    }
    journal.granted(actor, name, answer.token);
    tally.acquires += 1;
    if (isContended) tally.contended += 1;
    if (standing.granted(name, this.#host.name)) tally.handOvers += 1;
    return { name, token: answer.token, hold, life };
  }

  #refused(name: string, answer: Answer | undefined): void {
    const { journal, tally } = this.#place;
    const timedOut = answer?.kind === 'error' && answer.code === 'TIMEOUT' && answer.outcome === 'not-applied';
    if (answer?.kind === 'busy' || timedOut) {
      tally.refused += 1;
      journal.ok(this.#actor, { granted: false, reason: timedOut ? 'timeout' : 'held' });
    } else if (answer?.kind === 'error' && answer.outcome === 'not-applied') {
      tally.failed += 1;
      journal.fail(this.#actor, answer.code);
    } else {
      this.#unknown(name, () => journal.maybeGranted(this.#actor, name, wordsOf(answer)));
    }
  }

  async #release({ name, token, hold, life }: Held): Promise<void> {
    const { journal, tally, standing, names } = this.#place;
    if (!life.isRunning) {
      standing.goes(name);
      return this.#becomeAnother();
    }
    names.operated(name);
    const actor = this.#actor;
    this.doing = `release ${name} (token ${token})`;
    journal.invoke(actor, { f: 'release', name, client: actor.client, token });
    const answer = await life.ask({ kind: 'release', hold });
    tally.operations += 1;
    standing.goes(name);
    if (answer?.kind === 'released') return journal.ok(actor, { released: true });
    if (answer?.kind === 'error' && answer.outcome === 'not-applied') {
      tally.failed += 1;
      tally.losses += 1;
      journal.fail(actor, answer.code);
      this.#becomeAnother();
    } else this.#unknown(name, () => journal.unknown(actor, wordsOf(answer)));
  }

  /** What the holder believes must be true at some moment of the call. A holder that doubts says nothing of the table. */
  async #validate(held: Held): Promise<boolean> {
    const { journal } = this.#place;
    const { name, token } = held;
    const actor = this.#actor;
    this.doing = `validate ${name} (token ${token})`;
    journal.invoke(actor, { f: 'validate', name, client: actor.client, token });
    const isHeld = await this.#check(held);
    if (isHeld) journal.ok(actor, { held: true });
    else journal.fail(actor, 'not held, says the holder');
    return isHeld;
  }

  /** The holder looks, then writes, a careless one whatever it saw: the resource has the last word. */
  async #guard(held: Held): Promise<boolean> {
    const { journal, guarded, tally } = this.#place;
    const { name, token } = held;
    const actor = this.#actor;
    this.doing = `guarded write under ${name} (token ${token})`;
    journal.invoke(actor, { f: 'guard', name, client: actor.client, token });
    const isHeld = await this.#check(held);
    const isCareless = held.life.isRunning && this.#random.chance(0.5);
    if (isHeld || isCareless) {
      const accepted = guarded.write(name, token);
      if (!accepted) tally.staleWrites += 1;
      journal.ok(actor, { accepted });
    } else journal.fail(actor, 'not held, says the holder');
    return isHeld;
  }

  async #check({ name, hold, life }: Held): Promise<boolean> {
    this.#place.names.operated(name);
    const answer = await life.ask({ kind: 'check', hold });
    this.#place.tally.operations += 1;
    return answer?.kind === 'checked' && answer.isHeld;
  }

  /** Looks, linearizably, who holds a lock. */
  async inspect(name: string): Promise<void> {
    const { journal, tally, names } = this.#place;
    if (this.#host.life === undefined) return;
    names.operated(name);
    const reader = journal.actor(this.home);
    this.doing = `inspect ${name}`;
    journal.invoke(reader, { f: 'holder', name });
    const answer = await this.#host.ask({ kind: 'inspect', seat: this.#seat, name });
    tally.operations += 1;
    if (answer?.kind === 'holders') return journal.holders(reader, name, answer.holders);
    // A question that was not answered has changed nothing.
    tally.failed += 1;
    journal.fail(reader, wordsOf(answer));
  }

  #unknown(name: string, record: () => void): void {
    this.#place.tally.unknown += 1;
    this.#place.names.unknown(name);
    record();
    this.#becomeAnother();
  }

  #becomeAnother(): void {
    this.#actor = this.#place.journal.actor(this.home);
  }
}

const wordsOf = (answer: Answer | undefined): string => {
  if (answer === undefined) return 'the process died';
  return answer.kind === 'error' ? `${answer.code}: ${answer.text}` : answer.kind;
};

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
