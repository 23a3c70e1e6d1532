import { describe, expect, it } from 'vitest';
import { world } from './process.ts';

describe('a session with a request that stays open', () => {
  it('keeps its mark below an acquire that waits, whatever is settled after it', () => {
    const { clock, cluster, process } = world();
    const holder = process().acquire('long');
    const a = process();
    clock.pass(10);
    a.acquire('before');
    clock.pass(10);
    const waiting = a.acquire('long');
    clock.pass(10);
    const session = cluster.table.views.sessions()[1]?.session ?? 0;
    for (let round = 0; round < 10; round += 1) {
      const asked = a.acquire('busy');
      clock.pass(10);
      asked.hold.release(() => undefined);
      clock.pass(10);
    }
    const whileItWaits = cluster.table.views.session(session)?.mark;

    holder.hold.release(() => undefined);
    clock.pass(10);
    waiting.hold.release(() => undefined);
    clock.pass(10);

    expect(whileItWaits).toBe(1);
    expect(cluster.table.views.session(session)?.mark).toBeGreaterThan(20);
  });

  it('makes way for another when a long wait keeps the cluster from forgetting answers', () => {
    const { clock, cluster, process } = world();
    const holder = process().acquire('long');
    const a = process();
    clock.pass(10);
    const waiting = a.acquire('long');
    for (let round = 0; round < 4_200; round += 1) {
      const asked = a.acquire('busy');
      clock.pass(5);
      asked.hold.release(() => undefined);
      clock.pass(5);
    }
    const sessionsBefore = cluster.table.views.sessions().length;

    holder.hold.release(() => undefined);
    clock.pass(10);
    const isHeld = waiting.hold.isHeld;
    waiting.hold.release(() => undefined);
    clock.pass(10);

    expect([sessionsBefore, isHeld]).toEqual([3, true]);
    expect(cluster.table.views.sessions()).toHaveLength(2);
    expect(a.told).toEqual([]);
  });

  it('that made way is where its owner enters a hold once more', () => {
    const { clock, cluster, process } = world();
    const holder = process().acquire('long');
    const a = process();
    clock.pass(10);
    a.acquire('long');
    const told: string[] = [];
    const enter = () =>
      a.engine.acquire(
        {
          name: 'mine',
          parts: [{ name: 'mine', mode: 'X', permits: 1, limit: 0 }],
          owner: 'ann',
          reenters: true,
          waits: true,
          limitMs: undefined,
        },
        (outcome) => told.push(outcome.kind),
      );
    enter();
    for (let round = 0; round < 4_200; round += 1) {
      const asked = a.acquire('busy');
      clock.pass(5);
      asked.hold.release(() => undefined);
      clock.pass(5);
    }

    enter();
    clock.pass(10);

    expect(told).toEqual(['granted', 'granted']);
    expect(cluster.table.views.inspect('mine')?.holders).toMatchObject([{ entries: 2 }]);
    expect(cluster.table.views.sessions()).toHaveLength(3);
    expect(holder.summary).toBe('granted');
  });

  it('that made way is used again once what it waited for has been granted, instead of opening another', () => {
    const { clock, cluster, process } = world();
    const [first, second, third] = ['first', 'second', 'third'].map((name) => process().acquire(name));
    const a = process();
    const work = (rounds: number): void => {
      for (let round = 0; round < rounds; round += 1) {
        const asked = a.acquire('busy');
        clock.pass(5);
        asked.hold.release(() => undefined);
        clock.pass(5);
      }
    };
    clock.pass(10);
    const early = a.acquire('first');
    work(4_000);
    a.acquire('second');
    work(200);
    a.acquire('third');
    const own = cluster.table.views.sessions().length - 3;

    first?.hold.release(() => undefined);
    clock.pass(10);
    work(4_200);
    const later = cluster.table.views.sessions().length - 3;

    expect([own, later]).toEqual([2, 2]);
    expect(early.summary).toBe('granted');
    expect([second, third].map((each) => each?.hold.isHeld)).toEqual([true, true]);
  });

  it('that made way counts among what one process may have open at a time', () => {
    const { clock, process } = world();
    process().acquire('long');
    const a = process();
    clock.pass(10);
    for (let n = 0; n < 32_768; n += 1) {
      a.acquire('long');
      if (n % 1_000 === 0) clock.pass(10);
    }
    clock.pass(10);

    const next = a.acquire('other');

    expect(next.summary).toBe('failed:OVERLOADED');
  });
});
