import { describe, expect, it } from 'vitest';
import type { ReleaseOutcome } from '../../src/hold.ts';
import { type Asked, ttlMs, world } from './process.ts';

describe('loss', () => {
  it('makes all holds of the session lost before the first listener hears of it', () => {
    const { clock, cluster, process } = world();
    const a = process();
    const asked = [a.acquire('x'), a.acquire('y')];
    clock.pass(10);
    const heldDuring: boolean[] = [];
    const [first, second] = asked.map((each) => each.hold);
    first?.listen({
      jeopardy: () => undefined,
      recovered: () => undefined,
      lost: () => heldDuring.push(second?.isHeld ?? true),
    });

    const session = cluster.table.views.sessions()[0]?.session ?? 0;
    cluster.apply({ kind: 'close', session });
    clock.pass(10);

    expect(heldDuring).toEqual([false]);
  });

  it('refuses waits as SESSION_EXPIRED, and the next acquire has a new session', () => {
    const { clock, process } = world();
    const other = process();
    const taken = other.acquire('taken');
    const a = process();
    clock.pass(10);
    a.acquire('x');
    const waiting = a.acquire('taken');
    clock.pass(10);
    a.gateway.cut();
    clock.pass(11_000);
    a.gateway.heal();

    const again = a.acquire('x');
    clock.pass(20);

    expect(taken.hold.isHeld).toBe(true);
    expect(waiting.summary).toBe('failed:SESSION_EXPIRED');
    expect(again.summary).toBe('granted');
  });

  it('lets a listener acquire again at once, in a new session', () => {
    const { clock, cluster, process } = world();
    const a = process();
    const asked = a.acquire('x');
    clock.pass(10);
    let again: Asked | undefined;
    asked.hold.listen({
      jeopardy: () => undefined,
      recovered: () => undefined,
      lost: () => {
        again = a.acquire('x');
      },
    });

    cluster.apply({ kind: 'close', session: cluster.table.views.sessions()[0]?.session ?? 0 });
    clock.pass(20);

    expect(again?.summary).toBe('granted');
  });

  it('by the deadline ends the session in the cluster as soon as that is reached', () => {
    const { clock, process, holders } = world();
    const a = process();
    a.acquire('x');
    clock.pass(10);
    a.gateway.cut();
    clock.pass(9_100);
    expect(a.told).toEqual(['jeopardy', 'lost:deadline']);

    a.gateway.heal();
    clock.pass(10);

    expect(holders('x')).toEqual([]);
  });
});

describe('giving up', () => {
  it('before there is a session changes nothing', () => {
    const { clock, process } = world();
    const a = process();
    a.gateway.cut();

    const asked = a.acquire('x', { limitMs: 100 });
    clock.pass(100);

    expect(asked.summary).toBe('given-up:timeout:not-applied');
  });

  it('takes the request out of the queue', () => {
    const { clock, cluster, process } = world();
    process().acquire('x');
    clock.pass(10);
    const a = process();
    a.acquire('warm');
    clock.pass(10);

    const asked = a.acquire('x', { limitMs: 100 });
    clock.pass(110);

    expect(asked.summary).toBe('given-up:timeout:not-applied');
    expect(cluster.table.views.inspect('x')?.waiting).toBe(0);
  });

  it('releases a grant that was faster than the cancel', () => {
    const { clock, process, holders } = world();
    const other = process().acquire('x');
    const a = process();
    a.acquire('warm');
    clock.pass(10);
    const asked = a.acquire('x', { limitMs: 50 });
    clock.pass(48);

    other.hold.release(() => undefined);
    clock.pass(2.5);
    const grantedTo = holders('x').length;
    clock.pass(50);

    expect(grantedTo).toBe(1);
    expect(asked.summary).toBe('given-up:timeout:applied');
    expect(holders('x')).toEqual([]);
  });

  it('without a quorum is over 10 ms after the deadline, and cleans up once there is one', () => {
    const { clock, process, holders } = world();
    const a = process();
    a.acquire('warm');
    clock.pass(10);
    a.gateway.cut();
    const asked = a.acquire('x', { limitMs: 100 });

    clock.pass(110);
    const summary = asked.summary;
    a.gateway.heal();
    clock.pass(100);

    expect(summary).toBe('given-up:timeout:unknown');
    expect(holders('x')).toEqual([]);
    expect(holders('warm')).toHaveLength(1);
  });

  it('by the caller keeps his reason', () => {
    const { clock, process } = world();
    process().acquire('x');
    const a = process();
    const asked = a.acquire('x');
    clock.pass(10);

    asked.acquisition.giveUp({ kind: 'abort', reason: 'enough' });
    asked.acquisition.giveUp({ kind: 'timeout' });
    clock.pass(10);

    expect(asked.outcome).toEqual({
      kind: 'given-up',
      why: { kind: 'abort', reason: 'enough' },
      outcome: 'not-applied',
    });
  });
});

describe('a release', () => {
  it('is done when the cluster has applied it, and isHeld is false from the call on', () => {
    const { clock, process, holders } = world();
    const asked = process().acquire('x');
    clock.pass(10);
    const outcomes: ReleaseOutcome[] = [];

    asked.hold.release((outcome) => outcomes.push(outcome));
    const heldAfterCall = asked.hold.isHeld;
    const doneAtOnce = outcomes.length;
    clock.pass(10);

    expect([heldAfterCall, doneAtOnce]).toEqual([false, 0]);
    expect(outcomes).toEqual([{ kind: 'released' }]);
    expect(holders('x')).toEqual([]);
  });

  it('is unknown after a TTL without a quorum, and goes on behind', () => {
    const { clock, process, holders } = world();
    const a = process();
    const asked = a.acquire('x');
    clock.pass(10);
    a.gateway.cut();
    const outcomes: ReleaseOutcome[] = [];

    asked.hold.release((outcome) => outcomes.push(outcome));
    clock.pass(ttlMs);
    expect(outcomes).toEqual([{ kind: 'unknown' }]);
    a.gateway.heal();
    clock.pass(10);

    expect(holders('x')).toEqual([]);
  });

  it('of a hold that the session took with it says so', () => {
    const { clock, cluster, process } = world();
    const asked = process().acquire('x');
    clock.pass(10);
    cluster.apply({ kind: 'close', session: cluster.table.views.sessions()[0]?.session ?? 0 });
    const outcomes: ReleaseOutcome[] = [];

    asked.hold.release((outcome) => outcomes.push(outcome));
    clock.pass(10);

    expect(outcomes.map((outcome) => outcome.kind)).toEqual(['lost']);
  });
});

describe('closing', () => {
  it('ends holds and waits synchronously and frees the locks at once', () => {
    const { clock, process } = world();
    const a = process();
    const held = a.acquire('x');
    clock.pass(10);
    const waiting = a.acquire('x');
    const next = process().acquire('x');
    clock.pass(10);
    let isGone = false;

    a.engine.close(() => {
      isGone = true;
    });
    const atOnce = [held.hold.isHeld, a.told, waiting.summary];
    clock.pass(10);

    expect(atOnce).toEqual([false, ['lost:closed'], 'failed:SHUTTING_DOWN']);
    expect(isGone).toBe(true);
    expect(next.summary).toBe('granted');
    expect(a.acquire('y').summary).toBe('failed:SHUTTING_DOWN');
  });

  it('while the session is being opened leaves none behind', () => {
    const { clock, cluster, process } = world();
    const a = process();
    const asked = a.acquire('x');
    let isGone = false;

    a.engine.close(() => {
      isGone = true;
    });
    clock.pass(20);

    expect(asked.summary).toBe('failed:SHUTTING_DOWN');
    expect(isGone).toBe(true);
    expect(cluster.table.views.sessions()).toEqual([]);
  });

  it('by failure of the node below ends everything with that failure', () => {
    const { clock, process } = world();
    const a = process();
    const held = a.acquire('x');
    clock.pass(10);

    a.engine.fail({ code: 'CORRUPT_STORAGE', text: 'a bad disk' });

    expect([held.hold.isHeld, a.told]).toEqual([false, ['lost:failed']]);
    expect(a.acquire('y').summary).toBe('failed:CORRUPT_STORAGE');
  });
});
