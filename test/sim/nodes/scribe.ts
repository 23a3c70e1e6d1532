import type { SessionEngine } from '../../../src/session-engine.ts';
import { Stream } from '../../../src/testing/index.ts';
import { decodeFlag, decodeRegister } from '../../../src/views.ts';
import type { Claim } from './law.ts';
import type { Way } from './party.ts';
import { registerAt, type Writing, type WritingTold } from './register-law.ts';
import type { NodeWorld } from './world.ts';

/** What a party lends to its scribe. */
interface Lent {
  readonly way: Way;
  readonly engine: SessionEngine;
  /** Something is asked; the result is called when it has its outcome. */
  readonly ask: (what: string) => () => void;
}

/** The part of a party that writes registers under what it holds, and asks whether holds stand. */
export class Scribe {
  readonly #world: NodeWorld;
  readonly #lent: Lent;
  /** Its own, so that runs without registers take the course that they always took. */
  readonly #stream: Stream;
  #writes = 0;
  /** The last version that was seen, by register. */
  readonly #seen = new Map<string, number>();

  constructor(world: NodeWorld, lent: Lent) {
    this.#world = world;
    this.#lent = lent;
    this.#stream = new Stream(world.conditions.seed, `scribe ${lent.way.name} at ${world.cluster.time.now}`);
  }

  /** Somebody holds something for so long: writes and looks at moments of that time, and perhaps after it. */
  holds(claims: readonly Claim[], holdMs: number): void {
    if (this.#world.conditions.registers === 0) return;
    for (const claim of claims) {
      if (!this.#stream.chance(0.5)) continue;
      const { token } = claim.hold;
      this.#later(holdMs * this.#stream.between(0, 1.5), () => this.#write(claim, token));
      if (this.#stream.chance(0.5)) this.#later(holdMs * this.#stream.between(0, 1.5), () => this.#look());
      if (this.#stream.chance(0.5))
        this.#later(holdMs * this.#stream.between(0, 1.5), () => this.#verify(claim, token));
    }
  }

  #later(ms: number, act: () => void): void {
    this.#lent.way.clock.after(ms, () => {
      if (!this.#world.isOver) act();
    });
  }

  #write(claim: Claim, token: number): void {
    const { way, engine, ask } = this.#lent;
    const { law, cluster } = this.#world;
    this.#writes += 1;
    const at = this.#stream.int(1, this.#world.conditions.registers);
    const register = registerAt(at);
    const isDelete = at > 1 && this.#stream.chance(0.2);
    const value = isDelete ? null : `${way.name} ${cluster.time.now} ${this.#writes}`;
    const expected = this.#stream.chance(0.5) ? undefined : (this.#seen.get(register) ?? 0);
    const writing: Writing = { register, value, expected, claim, token };
    const judge = law.registers.write(writing);
    const settle = ask(`write ${register}`);
    const guard = { name: claim.hold.name, token };
    const request = { kind: 'write', register, value, expected } as const;
    engine.run({ asks: { kind: 'guarded', guard, request }, undone: 'not written' }, (outcome) => {
      settle();
      this.#world.trace(way.name, `${register} under ${guard.name}`, outcome.ok ? outcome.answer : 'no answer');
      if (!outcome.ok) return;
      const { answer } = outcome;
      const told: WritingTold | undefined =
        answer.kind === 'written'
          ? { version: answer.version }
          : answer.kind === 'version-mismatch'
            ? 'mismatch'
            : answer.kind === 'fenced'
              ? 'fenced'
              : undefined;
      if (answer.kind === 'written' || answer.kind === 'version-mismatch') this.#seen.set(register, answer.version);
      if (told !== undefined) this.#world.judge(() => judge(told));
    });
  }

  #look(): void {
    const register = registerAt(this.#stream.int(1, this.#world.conditions.registers));
    const judge = this.#world.law.registers.look(register);
    const settle = this.#lent.ask(`look at ${register}`);
    this.#lent.way.gateway.query({ kind: 'register', name: register, consistency: 'linearizable' }, (outcome) => {
      settle();
      if (!outcome.ok) return;
      const seen = decodeRegister(outcome.value) ?? undefined;
      this.#seen.set(register, seen?.version ?? 0);
      this.#world.judge(() => judge(seen));
    });
  }

  /** O5: a hold that stood before the question and after the answer stood at it, and a former one did not. */
  #verify(claim: Claim, token: number): void {
    const { law, ghost } = this.#world;
    const { hold } = claim;
    const isOver = law.isSucceeded(claim, token);
    const settle = this.#lent.ask(`verify ${hold.name}`);
    const query = { kind: 'verify', name: hold.name, token, consistency: 'linearizable' } as const;
    this.#lent.way.gateway.query(query, (outcome) => {
      settle();
      if (!outcome.ok) return;
      const isCurrent = decodeFlag(outcome.value);
      ghost.count('verifications');
      this.#world.judge(() => {
        ghost.demand(!isCurrent || !isOver, 'O5', () => `${hold.name} stands with ${token}, but was given out since`);
        const isItsOwn = !claim.isLetGo && hold.token === token && !hold.isConverting && !law.wasForced(token);
        const mustStand = isItsOwn && law.isBinding && hold.isHeld;
        ghost.demand(isCurrent || !mustStand, 'O5', () => `${hold.name} is held with ${token}, but does not stand`);
      });
    });
  }
}
