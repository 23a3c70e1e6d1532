import { describe, expect, it } from 'vitest';
import type { AcquireWish } from '../../src/acquisition.ts';
import type { ReleaseOutcome } from '../../src/hold.ts';
import type { HoldOptions } from '../../src/table/index.ts';
import type { LocalCluster } from './local-gateway.ts';
import type { Process } from './process.ts';
import { Asked, ttlMs, world } from './process.ts';

const secret = 'f'.repeat(32);

const acquireWith = (process: Process, name: string, options: HoldOptions): Asked =>
  new Asked(process, {
    ...{ name, waits: true, limitMs: undefined, options },
    parts: [{ name, mode: 'X', permits: 1, limit: 0 }],
  });

const takeOver = (process: Process, name: string, limitMs?: number): Asked => {
  const wish: AcquireWish = { name, waits: true, limitMs, takesOver: { secret, token: undefined } };
  return new Asked(process, wish);
};

/** Who has that lock. */
const sessionOf = ({ table }: LocalCluster, name: string): number | undefined =>
  table.views.inspect(name)?.holders[0]?.session;

describe('a hold that is taken over', () => {
  it('is lost to whoever had it, who says so, and his session goes on', () => {
    const { clock, process, holders } = world();
    const [a, b] = [process(), process()];
    const [had, kept] = [acquireWith(a, 'x', { secret }), a.acquire('y')];
    clock.pass(10);

    const taken = takeOver(b, 'x');
    clock.pass(10);

    expect(holders('x')).toEqual([taken.hold.token]);
    expect([had.hold.isHeld, kept.hold.isHeld, taken.hold.isHeld]).toEqual([false, true, true]);
    expect(a.told).toEqual(['lost:handed-over']);
    expect(had.hold.loss?.message).toMatch(/"x".*taken it over/);
    expect(had.hold.loss?.by).toBeUndefined();
    expect(taken.hold.options).toEqual({ secret });
  });

  it('makes a release that is on its way a loss', () => {
    const { clock, process } = world();
    const [a, b] = [process(), process()];
    const had = acquireWith(a, 'x', { secret });
    b.acquire('warm');
    clock.pass(10);
    takeOver(b, 'x');
    clock.pass(0.5);
    const outcomes: ReleaseOutcome[] = [];

    had.hold.release((outcome) => outcomes.push(outcome));
    clock.pass(10);

    expect(outcomes).toMatchObject([{ kind: 'lost', error: { reason: 'handed-over' } }]);
  });

  it('stays where it is when it comes too late: it was held before, and its ticket is good', () => {
    const { clock, cluster, process, holders } = world();
    const [a, b] = [process(), process()];
    acquireWith(a, 'x', { secret });
    b.acquire('warm');
    clock.pass(10);
    b.gateway.latencyMs = 20;

    const late = takeOver(b, 'x', 25);
    clock.pass(200);

    expect(late.summary).toMatch(/^given-up:timeout:(unknown|applied)$/);
    expect(sessionOf(cluster, 'x')).toBe(2);
    const again = takeOver(b, 'x');
    clock.pass(200);
    expect(again.summary).toBe('granted');
    expect(holders('x')).toEqual([again.hold.token]);
  });

  it('takes nothing from a later one of the same process', () => {
    const { clock, process, holders } = world();
    const [a, b] = [process(), process()];
    acquireWith(a, 'x', { secret });
    b.acquire('warm');
    clock.pass(10);
    b.gateway.latencyMs = 200;
    const first = takeOver(b, 'x', 10);
    clock.pass(30);
    b.gateway.latencyMs = 1;

    const second = takeOver(b, 'x');
    clock.pass(1_000);

    expect([first.summary, second.summary]).toEqual(['given-up:timeout:unknown', 'granted']);
    expect([second.hold.isHeld, b.told]).toEqual([true, []]);
    expect(holders('x')).toEqual([second.hold.token]);
  });

  it('that comes too late for a bounded hold is counted by the leader all the same', () => {
    const { clock, cluster, process } = world();
    const [a, b] = [process(), process()];
    acquireWith(a, 'x', { secret, holdMsMax: 4_000 });
    b.acquire('warm');
    clock.pass(10);
    b.gateway.latencyMs = 20;

    takeOver(b, 'x', 25);
    clock.pass(200);

    expect(sessionOf(cluster, 'x')).toBe(2);
    expect([...cluster.table.views.bounds()]).toMatchObject([{ name: 'x', holdMsMax: 4_000 }]);
  });

  it('again and again by the same process, too late, leaves nothing for the cluster to remember', () => {
    const { clock, cluster, process } = world();
    const [a, b] = [process(), process()];
    acquireWith(a, 'x', { secret });
    b.acquire('warm');
    clock.pass(10);
    b.gateway.latencyMs = 20;

    for (let time = 1; time <= 3; time += 1) {
      takeOver(b, 'x', 25);
      clock.pass(200);
    }

    expect(sessionOf(cluster, 'x')).toBe(2);
    expect(cluster.table.views.takenFrom(2)).toEqual([]);
  });

  it('does not happen after it was given up before it arrived', () => {
    const { clock, process, holders } = world();
    const [a, b] = [process(), process()];
    const had = acquireWith(a, 'x', { secret });
    clock.pass(10);

    const asked = takeOver(b, 'x');
    asked.acquisition.giveUp({ kind: 'abort', reason: 'no' });
    clock.pass(100);

    expect(asked.summary).toBe('given-up:abort:not-applied');
    expect(holders('x')).toEqual([had.hold.token]);
    expect(had.hold.isHeld).toBe(true);
  });

  it('is bounded anew by the clock of whoever has it now', () => {
    const { clock, process } = world();
    const [a, b] = [process(), process()];
    const had = acquireWith(a, 'x', { secret, holdMsMax: 4_000 });
    clock.pass(2_000);

    const taken = takeOver(b, 'x');
    clock.pass(2_500);

    expect([had.hold.isHeld, taken.hold.isHeld]).toEqual([false, true]);
    clock.pass(1_500);
    expect([taken.hold.isHeld, b.told]).toEqual([false, ['lost:overdue']]);
  });
});

describe('a sticky hold', () => {
  it('is lost like any other when nothing is heard, says that it stands, and does', () => {
    const { clock, process, holders } = world();
    const [a, b] = [process(), process()];
    const had = acquireWith(a, 'x', { secret, sticky: true });
    clock.pass(10);
    const { token } = had.hold;
    a.gateway.cut();

    clock.pass(3 * ttlMs);

    expect([had.hold.isHeld, had.hold.loss?.message]).toEqual([false, expect.stringMatching(/sticky.*attachLock/)]);
    expect(holders('x')).toEqual([token]);
    const taken = takeOver(b, 'x');
    clock.pass(10);
    expect(taken.hold.isHeld).toBe(true);
  });

  it('says that it may stand when its release does not get through', () => {
    const { clock, process, holders } = world();
    const a = process();
    const had = acquireWith(a, 'x', { secret, sticky: true });
    clock.pass(10);
    a.gateway.cut();
    const outcomes: ReleaseOutcome[] = [];

    had.hold.release((outcome) => outcomes.push(outcome));
    a.engine.close(() => undefined);
    clock.pass(3 * ttlMs);

    expect(outcomes).toMatchObject([{ kind: 'lost', error: { message: expect.stringMatching(/sticky/) } }]);
    expect(holders('x')).toHaveLength(1);
  });

  it('that was granted to nobody who heard of it is there for whoever chose its secret', () => {
    const { clock, process, holders } = world();
    const [a, b] = [process(), process()];
    const first = a.acquire('x');
    clock.pass(10);
    const lost = acquireWith(b, 'x', { secret, sticky: true });
    clock.pass(10);
    b.gateway.cut();
    first.hold.release(() => undefined);
    clock.pass(3 * ttlMs);
    b.gateway.heal();
    clock.pass(10);

    expect([lost.summary, holders('x').length]).toEqual(['failed:SESSION_EXPIRED', 1]);
    const found = takeOver(b, 'x');
    clock.pass(10);
    expect(found.hold.isHeld).toBe(true);
  });

  it('outlives the close of its process', () => {
    const { clock, process, holders } = world();
    const a = process();
    const had = acquireWith(a, 'x', { secret, sticky: true });
    clock.pass(10);

    a.engine.close(() => undefined);
    clock.pass(10);

    expect(had.hold.loss).toMatchObject({ reason: 'closed' });
    expect(holders('x')).toEqual([had.hold.token]);
  });
});
