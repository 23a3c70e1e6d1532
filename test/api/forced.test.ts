import { describe, expect, it } from 'vitest';
import type { ConversionOutcome } from '../../src/conversion.ts';
import { type ErrandOutcome, errandOf, type Order } from '../../src/errand.ts';
import type { Hold, ReleaseOutcome } from '../../src/hold.ts';
import { type Process, world } from './process.ts';

const by = { actor: 'ann', reason: 'it hangs' };
const force = (name: string, token?: number): Order => ({ kind: 'force-release', name, token, ...by });

/** What becomes of an order. */
const ordered = (process: Process, order: Order): ErrandOutcome[] => {
  const outcomes: ErrandOutcome[] = [];
  process.engine.run(errandOf(order), (outcome) => outcomes.push(outcome));
  return outcomes;
};

const releasedBy = (hold: Hold): ReleaseOutcome[] => {
  const outcomes: ReleaseOutcome[] = [];
  hold.release((outcome) => outcomes.push(outcome));
  return outcomes;
};

const lossOf = ([outcome]: readonly ReleaseOutcome[]): unknown => (outcome?.kind === 'lost' ? outcome.error : outcome);

describe('a hold that is ended by force', () => {
  it('is lost at once, with who did it and why, and its session goes on', () => {
    const { clock, process, holders } = world();
    const a = process();
    const [asked, kept] = [a.acquire('x'), a.acquire('y')];
    clock.pass(10);

    const outcomes = ordered(process(), force('x'));
    clock.pass(10);

    expect(outcomes).toMatchObject([{ ok: true, answer: { kind: 'force-released', count: 1 } }]);
    expect([asked.hold.isHeld, kept.hold.isHeld]).toEqual([false, true]);
    expect(a.told).toEqual(['lost:forced']);
    expect(asked.hold.loss).toMatchObject({ code: 'LOCK_LOST', reason: 'forced', by });
    expect(asked.hold.loss?.message).toMatch(/"x".*"ann".*it hangs/);
    expect(holders('y')).toHaveLength(1);
  });

  it('is told its release as a loss, and asks the cluster nothing', () => {
    const { clock, process } = world();
    const asked = process().acquire('x');
    clock.pass(10);
    ordered(process(), force('x'));
    clock.pass(10);

    expect(lossOf(releasedBy(asked.hold))).toMatchObject({ reason: 'forced', by });
  });

  it('makes a release that is on its way a loss, with who did it', () => {
    const { clock, process } = world();
    const [a, b] = [process(), process()];
    const asked = a.acquire('x');
    b.acquire('warm');
    clock.pass(10);
    ordered(b, force('x'));
    clock.pass(0.5);

    const released = releasedBy(asked.hold);
    clock.pass(10);

    expect(lossOf(released)).toMatchObject({ code: 'LOCK_LOST', reason: 'forced', by });
    expect(a.told).toEqual([]);
  });

  it('is remembered by the cluster until its holder has heard, and no longer', () => {
    const { clock, cluster, process } = world();
    const a = process();
    const asked = a.acquire('x');
    clock.pass(10);
    const session = cluster.table.views.sessions()[0]?.session ?? 0;
    a.gateway.cut();
    ordered(process(), force('x'));
    clock.pass(10);

    expect(cluster.table.views.takenFrom(session)).toHaveLength(1);
    expect(asked.hold.isHeld).toBe(true);
    a.gateway.heal();
    clock.pass(10);
    expect(asked.hold.isHeld).toBe(false);
    expect(cluster.table.views.takenFrom(session)).toEqual([]);
    expect(a.engine.isIdle).toBe(true);
  });

  it('is lost from the first moment when word of it comes before the grant', () => {
    const { clock, cluster, process, holders } = world();
    const a = process();
    a.acquire('warm');
    clock.pass(10);
    const session = cluster.table.views.sessions()[0]?.session ?? 0;
    // The answer comes last, as when it is asked for again at another node.
    a.gateway.losesAnswersTo = 2;
    const asked = a.acquire('x');
    clock.pass(10);
    ordered(process(), force('x'));
    clock.pass(10);
    const [taken] = cluster.table.views.takenFrom(session);
    a.gateway.losesAnswersTo = undefined;
    const answer = cluster.table.views.answerOf(session, 2);
    if (answer !== undefined) cluster.tell({ kind: 'answered', session, sequence: 2, answer });
    clock.pass(10);

    expect(taken).toMatchObject({ name: 'x', by });
    expect(asked.hold.isHeld).toBe(false);
    expect(asked.hold.loss).toMatchObject({ reason: 'forced', by });
    expect(holders('x')).toEqual([]);
    expect(cluster.table.views.takenFrom(session)).toEqual([]);
  });

  it('ends every entry of its owner', () => {
    const { clock, process } = world();
    const a = process();
    const part = { name: 'x', mode: 'X', permits: 1, limit: 0 } as const;
    const entries: Hold[] = [];
    for (let entry = 0; entry < 2; entry += 1) {
      const wish = { name: 'x', parts: [part], owner: 'o', reenters: true, waits: true, limitMs: undefined };
      a.engine.acquire(wish, (outcome) => {
        if (outcome.kind === 'granted') entries.push(outcome.hold);
      });
      clock.pass(10);
    }

    ordered(process(), force('x'));
    clock.pass(10);

    expect(entries.map((hold) => [hold.isHeld, hold.loss?.reason])).toEqual([
      [false, 'forced'],
      [false, 'forced'],
    ]);
  });

  it('takes an upgrade along that waits, and says why', () => {
    const { clock, process } = world();
    const [a, b] = [process(), process()];
    const holds: Hold[] = [];
    for (const [who, mode] of [
      [a, 'U'],
      [b, 'R'],
    ] as const) {
      const parts = [{ name: 'r', mode, permits: 1, limit: 0 }];
      who.engine.acquire({ name: 'r', parts, waits: true, limitMs: undefined }, (outcome) => {
        if (outcome.kind === 'granted') holds.push(outcome.hold);
      });
      clock.pass(10);
    }
    const outcomes: ConversionOutcome[] = [];
    holds[0]?.convert({ to: 'W', waits: true, limitMs: undefined }, (outcome) => outcomes.push(outcome));
    clock.pass(10);

    ordered(b, force('r', holds[0]?.token));
    clock.pass(10);

    expect(outcomes).toMatchObject([{ kind: 'failed', error: { code: 'LOCK_LOST', reason: 'forced', by } }]);
    expect(holds.map((hold) => hold.isHeld)).toEqual([false, true]);
  });
});

describe('a session that is closed by another', () => {
  it('is over with who did it and why; the next acquire opens a new one', () => {
    const { clock, cluster, process } = world();
    const [a, b] = [process(), process()];
    const asked = a.acquire('x');
    clock.pass(10);
    b.acquire('y');
    clock.pass(10);
    const waiting = a.acquire('y');
    clock.pass(10);
    const target = cluster.table.views.sessions()[0]?.session ?? 0;

    const outcomes = ordered(b, { kind: 'end-session', target, ...by });
    clock.pass(10);
    const again = a.acquire('x');
    clock.pass(10);

    expect(outcomes).toMatchObject([{ ok: true, answer: { kind: 'session-closed' } }]);
    expect(asked.hold.loss).toMatchObject({ reason: 'forced', by });
    expect(waiting.summary).toBe('failed:SESSION_EXPIRED');
    expect(again.summary).toBe('granted');
  });
});

describe('an order', () => {
  it('that nobody confirms is over after a TTL, with an unknown outcome', () => {
    const { clock, process } = world();
    const a = process();
    a.acquire('x');
    clock.pass(10);
    a.gateway.cut();

    const outcomes = ordered(a, force('y'));
    clock.pass(11_000);

    expect(outcomes).toMatchObject([{ ok: false, error: { outcome: 'unknown' } }]);
  });

  it('is refused by a closed process', () => {
    const { clock, process } = world();
    const a = process();
    a.engine.close(() => undefined);
    clock.pass(10);

    expect(ordered(a, force('y'))).toMatchObject([{ ok: false, error: { code: 'SHUTTING_DOWN' } }]);
  });
});
