import { describe, expect, it } from 'vitest';
import { Process, ttlMs, world } from './process.ts';
import { drifting } from './virtual-clock.ts';

describe('one session', () => {
  it('is opened once, by the first acquire, for all that come meanwhile', () => {
    const { clock, cluster, process } = world();
    const a = process();

    const asked = ['x', 'y', 'z'].map((name) => a.acquire(name));
    clock.pass(10);

    expect(asked.map((each) => each.summary)).toEqual(['granted', 'granted', 'granted']);
    expect(cluster.table.views.sessions()).toHaveLength(1);
  });

  it('is not opened before anybody acquires', () => {
    const { clock, cluster, process } = world();

    process();
    clock.pass(1_000);

    expect(cluster.table.views.sessions()).toHaveLength(0);
  });

  it('lives on by its heartbeats for many TTLs', () => {
    const { clock, process } = world();
    const a = process();
    const asked = a.acquire('x');

    clock.pass(100 * ttlMs);

    expect(asked.hold.isHeld).toBe(true);
    expect(a.told).toEqual([]);
  });

  it('lets the cluster forget the answers it has', () => {
    const { clock, cluster, process } = world();
    const a = process();
    for (let round = 0; round < 50; round += 1) {
      const asked = a.acquire('x');
      clock.pass(10);
      asked.hold.release(() => undefined);
      clock.pass(10);
    }

    const session = cluster.table.views.sessions()[0]?.session ?? 0;

    expect(cluster.table.views.session(session)?.mark).toBeGreaterThanOrEqual(98);
  });

  it('that could not be opened refuses whoever waited for it, and the next acquire tries again', () => {
    const { clock, process } = world();
    const a = process();
    a.gateway.refusal = { ok: false, failure: { code: 'LIMIT_EXCEEDED', text: 'full' } };
    const first = a.acquire('x');
    clock.pass(10);
    a.gateway.refusal = undefined;

    const second = a.acquire('x');
    clock.pass(10);

    expect([first.summary, second.summary]).toEqual(['failed:LIMIT_EXCEEDED', 'granted']);
  });
});

describe('a deadline', () => {
  it.each([0.91, 1, 1.09])('passes before the next holder is granted, with a clock at %f of the speed', (rate) => {
    const { clock, cluster, process } = world();
    const slow = new Process(cluster, drifting(clock, rate));
    const next = process();
    const held = slow.acquire('x');
    clock.pass(100);
    const hold = held.hold;
    const waiting = next.acquire('x');
    clock.pass(100);

    slow.gateway.cut();
    const overlaps: number[] = [];
    for (let step = 0; step < 12_000 && waiting.outcome === undefined; step += 1) {
      clock.pass(1);
      const isGranted = waiting.outcome !== undefined;
      if (isGranted && (slow.told.length === 0 || hold.isHeld)) overlaps.push(clock.now());
    }

    expect(waiting.summary).toBe('granted');
    expect(overlaps).toEqual([]);
    expect(slow.told.at(-1)).toBe('lost:deadline');
  });

  it('would pass too late for a clock that is slower than the margin allows', () => {
    const { clock, cluster, process } = world();
    const slow = new Process(cluster, drifting(clock, 0.8));
    const held = slow.acquire('x');
    clock.pass(100);
    const waiting = process().acquire('x');
    slow.gateway.cut();

    let overlapped = false;
    for (let step = 0; step < 13_000; step += 1) {
      clock.pass(1);
      overlapped ||= waiting.summary === 'granted' && held.hold.isHeld;
    }

    expect(overlapped).toBe(true);
  });

  it('is told of at its very moment, though no heartbeat is due then and nobody asks', () => {
    const { clock, process } = world(1_500);
    const a = process();
    a.acquire('x');
    clock.pass(10);
    a.gateway.losesBeats = true;

    // The margin is 200 ms; heartbeats leave 1,200 ms and 1,350 ms after the opening.
    clock.pass(1_289);
    const before = [...a.told];
    clock.pass(1);

    expect(before).toEqual(['jeopardy']);
    expect(a.told).toEqual(['jeopardy', 'lost:deadline']);
  });

  it('counts from when the acknowledged heartbeat was sent, not from its acknowledgement', () => {
    const { clock, process } = world();
    const a = process();
    const asked = a.acquire('x');
    clock.pass(10);
    a.gateway.ackDelayMs = 1_500;

    clock.pass(3_600);

    // Sent 2,000 ms after the opening, acknowledged 1,502 ms later; the margin is 1,000 ms.
    expect(asked.hold.remainingMs).toBeCloseTo(2_000 + ttlMs - 1_000 - 3_610, 0);
  });

  it('is noticed by isHeld when the event loop was blocked past it', () => {
    const { clock, process } = world();
    const a = process();
    const asked = a.acquire('x');
    clock.pass(10);

    clock.block(9_100);

    expect(asked.hold.isHeld).toBe(false);
    expect(a.told).toEqual(['lost:deadline']);
  });

  it('that passes while nothing is held leaves those who wait in the queue', () => {
    const { clock, cluster, process } = world();
    const holder = process();
    const held = holder.acquire('x');
    const waiter = process();
    clock.pass(10);
    const waiting = waiter.acquire('x');
    clock.pass(10);
    waiter.gateway.losesBeats = true;
    clock.pass(9_000);
    cluster.changeLeader();
    clock.pass(500);
    waiter.gateway.losesBeats = false;

    held.hold.release(() => undefined);
    clock.pass(3_000);

    expect(waiting.summary).toBe('granted');
    expect(waiting.hold.isHeld).toBe(true);
  });

  it('that has passed keeps a grant back until a heartbeat is acknowledged', () => {
    const { clock, cluster, process } = world();
    const held = process().acquire('x');
    const waiter = process();
    clock.pass(10);
    const waiting = waiter.acquire('x');
    clock.pass(10);
    waiter.gateway.losesBeats = true;
    clock.pass(9_000);
    cluster.changeLeader();
    clock.pass(100);

    held.hold.release(() => undefined);
    clock.pass(100);
    const before = waiting.summary;
    waiter.gateway.losesBeats = false;
    clock.pass(2_000);

    expect([before, waiting.summary]).toEqual(['open', 'granted']);
  });

  it('that has passed leaves the lock to the next, when the grant that it keeps back is given up', () => {
    const { clock, cluster, process } = world();
    const held = process().acquire('x');
    const waiter = process();
    clock.pass(10);
    const waiting = waiter.acquire('x');
    clock.pass(10);
    waiter.gateway.losesBeats = true;
    clock.pass(9_000);
    cluster.changeLeader();
    clock.pass(100);
    held.hold.release(() => undefined);
    clock.pass(100);

    waiting.acquisition.giveUp({ kind: 'timeout' });
    const next = process().acquire('x');
    clock.pass(100);

    expect(waiting.summary).toBe('given-up:timeout:applied');
    expect(next.summary).toBe('granted');
  });
});

describe('jeopardy', () => {
  it('is told when a heartbeat is overdue, and recovery when one gets through', () => {
    const { clock, process } = world();
    const a = process();
    const asked = a.acquire('x');
    clock.pass(10);
    a.gateway.losesBeats = true;

    clock.pass(4_500);
    const heldInJeopardy = asked.hold.isHeld;
    a.gateway.losesBeats = false;
    clock.pass(2_000);

    expect(heldInJeopardy).toBe(true);
    expect(a.told).toEqual(['jeopardy', 'recovered']);
  });

  it.each([
    ['wall clock', { wallMs: 1_500 }],
    ['uptime', { uptimeMs: 1_500 }],
  ])('is told at a forward jump of the %s, and nothing is held until a later heartbeat is acknowledged', (_, step) => {
    const { clock, process } = world();
    const a = process();
    const asked = a.acquire('x');
    clock.pass(10);

    clock.jump(step);
    const heldAtOnce = asked.hold.isHeld;
    const toldAtOnce = [...a.told];
    clock.pass(10);

    expect(heldAtOnce).toBe(false);
    expect(toldAtOnce).toEqual(['jeopardy']);
    expect(asked.hold.isHeld).toBe(true);
    expect(a.told).toEqual(['jeopardy', 'recovered']);
  });

  it('does not end by the acknowledgement of a heartbeat that was sent before the jump', () => {
    const { clock, process } = world();
    const a = process();
    const asked = a.acquire('x');
    a.gateway.ackDelayMs = 1_000;
    clock.pass(2_050);

    clock.jump({ wallMs: 60_000 });
    expect(asked.hold.isHeld).toBe(false);
    a.gateway.losesBeats = true;
    clock.pass(1_500);

    expect(asked.hold.isHeld).toBe(false);
  });

  it('is no matter of backward jumps and small corrections', () => {
    const { clock, process } = world();
    const a = process();
    const asked = a.acquire('x');
    clock.pass(10);

    clock.jump({ wallMs: -3_600_000 });
    const afterBackward = asked.hold.isHeld;
    for (let step = 0; step < 20; step += 1) {
      clock.jump({ wallMs: 400 });
      clock.pass(2_000);
    }

    expect(afterBackward).toBe(true);
    expect(a.told).toEqual([]);
  });
});
