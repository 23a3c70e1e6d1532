import { describe, expect, it } from 'vitest';
import { LockHandle } from '../../src/handle.ts';
import type { Hold } from '../../src/hold.ts';
import { type Process, world } from './process.ts';

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

const handleOf = (hold: Hold): LockHandle =>
  new LockHandle(hold, { logger: silent, ttlMs: 10_000, verify: async () => true });

/** A process that holds `x`, and another one. */
const scene = () => {
  const { clock, process, cluster } = world();
  const [a, b] = [process(), process()];
  const asked = a.acquire('x');
  clock.pass(10);
  const told: string[] = [];
  const tell = (who: string) => () => {
    told.push(who);
  };
  const waitsOn = (who: Process): void => {
    who.acquire('x');
    clock.pass(10);
  };
  return { clock, cluster, a, b, hold: asked.hold, told, tell, waitsOn };
};

describe('a handle', () => {
  it('has nobody told to it until somebody listens, and no longer than that', () => {
    const { clock, a, b, hold, told, tell, waitsOn } = scene();
    const handle = handleOf(hold);
    const [one, two] = [tell('one'), tell('two')];
    handle.on('lost', () => {});
    clock.pass(10);
    const unasked = a.gateway.watches.areSome;

    handle.on('contended', one).on('contended', two);
    clock.pass(10);
    const listening = a.gateway.watches.areSome;
    waitsOn(b);
    handle.off('contended', one);
    clock.pass(10);
    const halfway = a.gateway.watches.areSome;
    handle.off('contended', two);
    clock.pass(10);

    expect([unasked, listening, halfway, a.gateway.watches.areSome]).toEqual([false, true, true, false]);
    expect(told).toEqual(['one', 'two']);
  });

  it('asks once for all its listeners, so that a second one does not make the first hear again', () => {
    const { clock, b, hold, told, tell, waitsOn } = scene();
    const handle = handleOf(hold).on('contended', tell('one'));
    waitsOn(b);

    handle.on('contended', tell('two')).off('contended', tell('nobody'));
    clock.pass(10);

    expect(told).toEqual(['one']);
  });

  it('is told anew to who begins to listen after nobody did', () => {
    const { clock, b, hold, told, tell, waitsOn } = scene();
    const handle = handleOf(hold);
    const one = tell('one');
    handle.on('contended', one);
    waitsOn(b);
    handle.off('contended', one).on('contended', one);
    clock.pass(10);

    expect(told).toEqual(['one', 'one']);
  });

  it('hears nothing any more once it lets go, though word is on its way', () => {
    const { clock, a, b, hold, told, tell, waitsOn } = scene();
    const handle = handleOf(hold);
    handle.on('contended', tell('one'));
    clock.pass(10);
    a.gateway.cut();
    waitsOn(b);

    hold.release(() => {});
    a.gateway.heal();
    clock.pass(10);
    handle.on('contended', tell('late'));
    clock.pass(10);

    expect(told).toEqual([]);
    expect(a.gateway.unwatched).toEqual([{ name: 'x', token: hold.token }]);
    expect(a.gateway.watches.areSome).toBe(false);
  });

  it('may let go inside its listener, and the next one has the lock', () => {
    const { clock, cluster, b, hold, waitsOn } = scene();
    handleOf(hold).on('contended', () => hold.release(() => {}));

    waitsOn(b);
    clock.pass(10);

    expect(cluster.table.views.inspect('x')?.holders.map(({ token }) => token)).toEqual([hold.token + 1]);
  });

  it('goes on hearing while another one of the same owner has left', () => {
    const { clock, cluster, process } = world();
    const [a, b] = [process(), process()];
    const holds: Hold[] = [];
    const parts = [{ name: 'y', mode: 'X', permits: 1, limit: 0 }] as const;
    const enter = (): void => {
      a.engine.acquire(
        { name: 'y', parts, waits: true, limitMs: undefined, owner: 'ann', reenters: true },
        (outcome) => {
          if (outcome.kind === 'granted') holds.push(outcome.hold);
        },
      );
      clock.pass(10);
    };
    enter();
    enter();
    expect(holds.map(({ token }) => token)).toEqual([holds[0]?.token, holds[0]?.token]);
    const told: string[] = [];
    for (const [at, hold] of holds.entries()) handleOf(hold).on('contended', () => told.push(`${at}`));
    clock.pass(10);

    holds[1]?.release(() => {});
    clock.pass(10);
    b.acquire('y');
    clock.pass(10);

    expect(cluster.table.views.inspect('y')?.holders).toHaveLength(1);
    expect(told).toEqual(['0']);
  });

  it('hears under the token of its upgrade as it did under that before', () => {
    const { clock, cluster, process } = world();
    const [a, b] = [process(), process()];
    const holds: Hold[] = [];
    const parts = [{ name: 'y', mode: 'U', permits: 1, limit: 0 }] as const;
    a.engine.acquire({ name: 'y', parts, waits: true, limitMs: undefined }, (outcome) => {
      if (outcome.kind === 'granted') holds.push(outcome.hold);
    });
    clock.pass(10);
    const [hold] = holds;
    if (hold === undefined) throw new Error('it is held');
    const told: number[] = [];
    handleOf(hold).on('contended', () => told.push(hold.token));
    const had = hold.token;
    hold.convert({ to: 'W', waits: true, limitMs: undefined }, () => {});
    clock.pass(10);

    b.engine.acquire({ name: 'y', parts, waits: true, limitMs: undefined }, () => {});
    clock.pass(10);

    expect(hold.token).toBeGreaterThan(had);
    expect(told).toEqual([hold.token]);
    hold.release(() => {});
    clock.pass(10);
    expect(cluster.table.views.inspect('y')?.holders).toHaveLength(1);
    expect(a.gateway.watches.areSome).toBe(false);
  });

  it('wants nothing any more of a lock that is lost', () => {
    const { clock, a, b, hold, tell } = scene();
    handleOf(hold).on('contended', tell('one'));
    const asks = { kind: 'force-release', name: 'x', token: undefined, actor: 'ann', reason: '' } as const;
    b.engine.run({ asks, undone: 'it was not released' }, () => {});
    clock.pass(0.5);
    a.gateway.cut();
    clock.pass(10);
    a.gateway.heal();
    clock.pass(10);

    expect(hold.loss).toMatchObject({ reason: 'forced' });
    expect(a.gateway.unwatched).toEqual([{ name: 'x', token: hold.token }]);
    expect(a.gateway.watches.areSome).toBe(false);
  });
});
