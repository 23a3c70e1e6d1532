import { setTimeout as pause } from 'node:timers/promises';
import type { Stream } from '../../src/testing/index.ts';
import type { CallToWrite } from '../linearizability/index.ts';
import type { Host } from './host.ts';
import type { Actor } from './journal.ts';
import { bothOf } from './kind-names.ts';
import type { Life } from './life.ts';
import type { Answer, WantedPart } from './messages.ts';
import { callOf, exclusive, readerWriter, refusalIn, type Wish } from './wishes.ts';
import type { Workplace } from './worker.ts';

/** One lock that was granted. */
interface Taken {
  readonly wish: Wish;
  readonly name: string;
  token: number;
  /** Its number in the process that has it, and its place in the request. */
  readonly hold: number;
  readonly part: number;
  readonly life: Life;
}

/**
 * The half of a worker that works with locks to read and write, semaphores, several locks at once and as an owner. It is
 * somebody else in the history than the other half; each of its actors is an owner of its own.
 */
export class KindWorker {
  readonly #seat: { readonly host: Host; readonly seat: number; readonly home: string };
  readonly #place: Workplace;
  readonly #random: Stream;
  #actor: Actor;

  constructor(
    seat: { readonly host: Host; readonly seat: number; readonly home: string },
    place: Workplace,
    random: Stream,
  ) {
    this.#seat = seat;
    this.#place = place;
    this.#random = random;
    this.#actor = place.journal.actor(seat.home);
  }

  /** One visit to locks of some kind, from the request to the release. */
  async turn(): Promise<void> {
    const dice = this.#random.unit();
    if (dice < 0.4) return await this.#readOrWrite();
    if (dice < 0.6) return await this.#takePermits();
    if (dice < 0.65) return await this.#relimit();
    if (dice < 0.8) return await this.#takeBoth();
    if (dice < 0.92) return await this.#takeOneByOne();
    await this.#enterTwice();
  }

  /** Each lock ever used, alone and as strongly as can be, by a given time; says which were not to be had. */
  async proveAll(timeout: number): Promise<readonly string[]> {
    const { rw, sem, pair } = this.#place.kindNames;
    const wishes: Wish[] = [
      ...rw.all.map((name) => readerWriter({ names: rw, name }, 'write', timeout)),
      ...pair.all.map((name) => ({ group: { names: pair, name }, parts: bothOf(name).map(exclusive), timeout })),
    ];
    for (const name of sem.all) {
      const limit = this.#place.kindNames.limitOf(name);
      const parts: readonly WantedPart[] = [{ kind: 'semaphore', name, permits: limit, limit }];
      if (await this.#setLimit(name, limit)) wishes.push({ group: { names: sem, name }, parts, timeout });
    }
    const missing: string[] = [];
    for (const wish of wishes) {
      const taken = await this.#acquire(wish);
      if (taken === undefined) missing.push(wish.group.name);
      else await this.#releaseAll(taken);
    }
    return missing;
  }

  async #readOrWrite(): Promise<void> {
    const { rw } = this.#place.kindNames;
    const mode = this.#random.chance(0.4) ? 'read' : this.#random.chance(0.7) ? 'upgradeable' : 'write';
    const taken = await this.#acquire(readerWriter({ names: rw, name: rw.at(0) }, mode, this.#patience()));
    const [lock] = taken ?? [];
    if (taken === undefined || lock === undefined) return;
    let isWrite = mode === 'write';
    await this.#stay(taken);
    if (mode === 'upgradeable' && this.#random.chance(0.7)) {
      const came = await this.#upgrade(lock);
      // Under which token it is held nobody knows: it is released, and that is not written down.
      if (came === 'unknown') return await this.#letGo(lock);
      isWrite = came === 'granted';
    }
    if (isWrite && this.#random.chance(0.4)) {
      await this.#downgrade(lock, this.#random.chance(0.5) ? 'read' : 'upgradeable');
      await this.#stay(taken);
    }
    await this.#releaseAll(taken);
  }

  async #takePermits(): Promise<void> {
    const { kindNames } = this.#place;
    const name = kindNames.sem.at(0);
    const limit = kindNames.limitOf(name);
    const part = { kind: 'semaphore', name, permits: this.#random.int(1, limit), limit } as const;
    await this.#visit({ group: { names: kindNames.sem, name }, parts: [part], timeout: this.#patience() });
  }

  async #relimit(): Promise<void> {
    await this.#setLimit(this.#place.kindNames.sem.at(0), this.#random.int(2, 4));
  }

  async #takeBoth(): Promise<void> {
    const { pair } = this.#place.kindNames;
    const name = pair.at(0);
    await this.#visit({
      ...{ group: { names: pair, name }, timeout: this.#patience(), isOwned: this.#random.chance(0.5) },
      parts: this.#inAnyOrder(name).map(exclusive),
    });
  }

  /** One after the other, in the order that comes to mind: with somebody else's order that is a circle. */
  async #takeOneByOne(): Promise<void> {
    const { pair } = this.#place.kindNames;
    const name = pair.at(0);
    const wishes = this.#inAnyOrder(name).map(
      (each): Wish => ({ group: { names: pair, name }, parts: [exclusive(each)], timeout: 800, isOwned: true }),
    );
    await this.#nested(wishes);
  }

  async #enterTwice(): Promise<void> {
    const { pair } = this.#place.kindNames;
    const name = pair.at(0);
    const parts = this.#inAnyOrder(name).slice(0, 1).map(exclusive);
    const reenters = this.#random.chance(0.9);
    const wish: Wish = { group: { names: pair, name }, parts, timeout: 800, isOwned: true };
    await this.#nested([
      { ...wish, reenters: true },
      { ...wish, reenters },
    ]);
  }

  async #nested([first, second]: readonly Wish[]): Promise<void> {
    const outer = first === undefined ? undefined : await this.#acquire(first);
    if (outer === undefined || second === undefined) return;
    const before = this.#actor;
    await this.#stay(outer);
    const inner = before === this.#actor ? await this.#acquire(second) : undefined;
    if (inner !== undefined) await this.#releaseAll(inner);
    // Whoever has become somebody else does not release what he held before, in the history.
    if (before === this.#actor) return await this.#releaseAll(outer);
    for (const lock of outer) await this.#letGo(lock);
  }

  async #visit(wish: Wish): Promise<void> {
    const taken = await this.#acquire(wish);
    if (taken === undefined) return;
    await this.#stay(taken);
    await this.#releaseAll(taken);
  }

  async #acquire(wish: Wish): Promise<readonly Taken[] | undefined> {
    const { journal, tally } = this.#place;
    const { host, seat } = this.#seat;
    const { life } = host;
    if (life === undefined) return undefined;
    const { parts, timeout, reenters, isOwned } = wish;
    const actor = this.#begin(wish.group, callOf(wish, this.#actor.client));
    const hold = life.nextId;
    const owner = isOwned === true ? actor.client : undefined;
    const answer = await life.ask({ kind: 'acquire-parts', seat, parts, timeout, owner, reentrant: reenters });
    tally.operations += 1;
    const names = parts.map(({ name }) => name);
    if (answer?.kind !== 'granted') {
      this.#refused(wish.group, answer, names);
      return undefined;
    }
    journal.granted(actor, names, answer.token);
    tally.acquires += 1;
    return names.map((name, part) => ({ wish, name, token: answer.token + part, hold, part, life }));
  }

  async #upgrade(lock: Taken): Promise<'granted' | 'refused' | 'unknown'> {
    const { journal } = this.#place;
    const { name, token, hold, life, wish } = lock;
    const actor = this.#begin(wish.group, { f: 'upgrade', name, client: this.#actor.client, token });
    const timeout = this.#random.chance(0.3) ? 0 : this.#random.int(5, 600);
    const answer = await life.ask({ kind: 'upgrade', hold, timeout });
    this.#place.tally.operations += 1;
    if (answer?.kind === 'granted') {
      journal.granted(actor, name, answer.token);
      lock.token = answer.token;
      return 'granted';
    }
    return this.#refused(wish.group, answer, [name]) ? 'unknown' : 'refused';
  }

  async #downgrade({ name, token, hold, life, wish }: Taken, to: 'read' | 'upgradeable'): Promise<void> {
    const weaker = to === 'read' ? 'r' : 'u';
    const actor = this.#begin(wish.group, { f: 'downgrade', name, client: this.#actor.client, token, to: weaker });
    const answer = await life.ask({ kind: 'downgrade', hold, to });
    this.#place.tally.operations += 1;
    this.#done(actor, wish.group, answer);
  }

  async #setLimit(name: string, limit: number): Promise<boolean> {
    const { kindNames } = this.#place;
    const { host, seat } = this.#seat;
    if (host.life === undefined) return false;
    const group = { names: kindNames.sem, name };
    const actor = this.#begin(group, { f: 'setLimit', name, client: this.#actor.client, permits: limit });
    kindNames.relimit(name, limit);
    const answer = await host.ask({ kind: 'limit', seat, name, limit });
    this.#place.tally.operations += 1;
    return this.#done(actor, group, answer);
  }

  /** Works under the locks for a moment; what the holder believes must be true at some moment of the call. */
  async #stay(taken: readonly Taken[]): Promise<void> {
    await pause(this.#random.chance(0.04) ? this.#random.int(50, 500) : this.#random.between(0, 3));
    for (const { name, token, hold, part, life, wish } of taken) {
      const actor = this.#begin(wish.group, { f: 'validate', name, client: this.#actor.client, token });
      const answer = await life.ask({ kind: 'check', hold, part });
      this.#place.tally.operations += 1;
      if (answer?.kind === 'checked' && answer.isHeld) this.#place.journal.ok(actor, { held: true });
      else this.#place.journal.fail(actor, 'not held, says the holder');
    }
  }

  async #releaseAll(taken: readonly Taken[]): Promise<void> {
    const { journal, tally } = this.#place;
    const before = this.#actor;
    for (const lock of taken) {
      const { name, token, hold, part, life, wish } = lock;
      if (this.#actor !== before) await this.#letGo(lock);
      else if (!life.isRunning) this.#becomeAnother();
      else {
        const actor = this.#begin(wish.group, { f: 'release', name, client: this.#actor.client, token });
        const answer = await life.ask({ kind: 'release', hold, part });
        tally.operations += 1;
        if (answer?.kind === 'released') journal.ok(actor, { released: true });
        else this.#notDone(actor, wish.group, answer);
      }
    }
  }

  /** Of what the history knows nothing more, so that any time may be its end. */
  async #letGo({ hold, part, life }: Taken): Promise<void> {
    await life.ask({ kind: 'release', hold, part });
    this.#place.tally.operations += 1;
  }

  #begin({ names, name }: Wish['group'], call: CallToWrite): Actor {
    names.operated(name);
    this.#place.journal.invoke(this.#actor, call);
    return this.#actor;
  }

  /** Says whether nobody knows what came of it. */
  #refused(group: Wish['group'], answer: Answer | undefined, names: readonly string[]): boolean {
    const { journal, tally } = this.#place;
    const result = refusalIn(answer);
    if (result !== undefined) {
      tally.refused += 1;
      journal.ok(this.#actor, result);
      return false;
    }
    if (answer?.kind === 'error' && answer.outcome === 'not-applied') {
      tally.failed += 1;
      journal.fail(this.#actor, answer.code);
      return false;
    }
    journal.maybeGranted(this.#actor, names, answer?.kind === 'error' ? answer.code : 'the process died');
    this.#lose(group);
    return true;
  }

  #done(actor: Actor, group: Wish['group'], answer: Answer | undefined): boolean {
    if (answer?.kind !== 'done') {
      this.#notDone(actor, group, answer);
      return false;
    }
    this.#place.journal.ok(actor, { done: true });
    return true;
  }

  #notDone(actor: Actor, group: Wish['group'], answer: Answer | undefined): void {
    const { journal, tally } = this.#place;
    if (answer?.kind === 'error' && answer.outcome === 'not-applied') {
      tally.failed += 1;
      journal.fail(actor, answer.code);
      return;
    }
    journal.unknown(actor, answer?.kind === 'error' ? answer.code : 'the process died');
    this.#lose(group);
  }

  #lose({ names, name }: Wish['group']): void {
    this.#place.tally.unknown += 1;
    names.unknown(name);
    this.#becomeAnother();
  }

  #becomeAnother(): void {
    this.#actor = this.#place.journal.actor(this.#seat.home);
  }

  #patience(): number {
    return this.#random.chance(0.25) ? 0 : this.#random.int(5, 1_200);
  }

  #inAnyOrder(pair: string): readonly string[] {
    const [one, other] = bothOf(pair);
    return this.#random.chance(0.5) ? [one, other] : [other, one];
  }
}
