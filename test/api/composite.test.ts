import { describe, expect, it } from 'vitest';
import type { AcquireOutcome } from '../../src/acquisition.ts';
import { CompositeHandle } from '../../src/composite.ts';
import { LockLostError } from '../../src/errors.ts';
import { LockHandle } from '../../src/handle.ts';
import type { LockProvider } from '../../src/lock-provider.ts';
import { type Logger, silentLogger as silent } from '../../src/logger.ts';
import { Provider } from '../../src/provider.ts';
import type { Part } from '../../src/table/index.ts';
import { outcomeOf } from './pair.ts';
import { type Process, ttlMs, world } from './process.ts';

const parts: readonly Part[] = ['a', 'b'].map((name) => ({ name, mode: 'X', permits: 1, limit: 0 }));

const acquireBoth = (process: Process) => {
  const asked: { outcome?: AcquireOutcome } = {};
  const acquisition = process.engine.acquire({ name: 'a', parts, waits: true, limitMs: undefined }, (outcome) => {
    asked.outcome = outcome;
  });
  const handle = (): CompositeHandle => {
    if (asked.outcome?.kind !== 'granted') throw new Error(`not granted but ${asked.outcome?.kind}`);
    const holds = [asked.outcome.hold, ...asked.outcome.others];
    return new CompositeHandle(
      holds.map((hold) => new LockHandle(hold, { logger: silent, ttlMs, verify: async () => true })),
      silent,
    );
  };
  return { acquisition, asked, handle };
};

it('a composite that is granted when it is given up is put back whole', () => {
  const { clock, process, holders } = world();
  const [holder, waiter] = [process(), process()];
  const held = holder.acquire('b');
  clock.pass(10);
  waiter.gateway.losesAnswersTo = 1;
  const { acquisition, asked } = acquireBoth(waiter);
  clock.pass(10);
  held.hold.release(() => undefined);
  clock.pass(10);
  const granted = [holders('a').length, holders('b').length];

  acquisition.giveUp({ kind: 'timeout' });
  clock.pass(100);

  expect(granted).toEqual([1, 1]);
  expect(asked.outcome).toMatchObject({ kind: 'given-up', outcome: 'applied' });
  expect([holders('a'), holders('b')]).toEqual([[], []]);
});

it('a composite whose session ends is lost once, at its first part, and its release says so after all are let go', async () => {
  const { clock, process } = world();
  const one = process();
  const { handle } = acquireBoth(one);
  clock.pass(10);
  const composite = handle();
  const losses: unknown[] = [];
  composite.signal.addEventListener('abort', () => losses.push(composite.signal.reason));
  const heldBefore = composite.isHeld;

  one.gateway.cut();
  clock.pass(2 * ttlMs);
  const error = await outcomeOf(composite.release());
  const again = await outcomeOf(composite.release());

  expect(heldBefore).toBe(true);
  expect(losses).toEqual([expect.any(LockLostError)]);
  expect([composite.isHeld, composite.remaining()]).toEqual([false, 0]);
  expect(error).toBeInstanceOf(LockLostError);
  expect(again).toBeUndefined();
});

describe('useAll', () => {
  const requests = [{ lock: 'a' }, { lock: 'b' }];

  const scene = () => {
    const { clock, cluster, process, holders } = world();
    const { engine, gateway } = process();
    const logged: string[] = [];
    const logger: Logger = { ...silent, warn: (_context, text) => logged.push(text) };
    const shutDown = async (): Promise<void> => undefined;
    const provider: LockProvider = new Provider({ gateway, engine, clock, logger, closeTimeout: 100, shutDown });
    const endSession = (): void => {
      cluster.apply({ kind: 'close', session: cluster.table.views.sessions()[0]?.session ?? 0 });
      clock.pass(20);
    };
    const ownerOf = (name: string) => cluster.table.views.inspect(name)?.holders[0]?.owner;
    return { clock, gateway, provider, logged, endSession, holders, ownerOf };
  };

  it('rejects with the loss when the function came to its end unprotected', async () => {
    const { clock, provider, endSession } = scene();
    const using = provider.useAll(requests, () => {
      endSession();
      return 'done';
    });
    clock.pass(20);

    await expect(using).rejects.toMatchObject({ code: 'LOCK_LOST' });
  });

  it('passes the error of the function even when the locks were lost as well', async () => {
    const { clock, provider, endSession, logged } = scene();
    const mine = new Error('mine');
    const using = provider.useAll(requests, () => {
      endSession();
      throw mine;
    });
    clock.pass(20);

    await expect(using).rejects.toBe(mine);
    expect(logged).toEqual(['some locks were not released in an orderly way']);
  });

  it('asks as its options say, and releases the other locks when the function has released one', async () => {
    const { clock, provider, holders, ownerOf } = scene();
    let owner: string | null | undefined;
    const using = provider.useAll(requests, { owner: 'ann' }, (handle) => {
      owner = ownerOf('a');
      void handle.part('b')?.release();
      return 'done';
    });
    clock.pass(20);
    const result = outcomeOf(using);
    const holdersLater = () => {
      clock.pass(10);
      return [...holders('a'), ...holders('b')];
    };
    await expect.poll(holdersLater).toEqual([]);

    expect(await result).toBe('done');
    expect(owner).toBe('ann');
  });

  it('passes the result though the releases are not confirmed', async () => {
    const { clock, gateway, provider, logged } = scene();
    let isInside = false;
    const using = provider.useAll(requests, () => {
      gateway.cut();
      isInside = true;
      return 'done';
    });
    clock.pass(20);
    await expect.poll(() => isInside).toBe(true);
    // The releases are sent in a later microtask; their limit is one TTL.
    await Promise.resolve();
    clock.pass(ttlMs + 1);

    await expect(using).resolves.toBe('done');
    expect(logged).toEqual(['the release of a lock is not confirmed yet']);
  });
});
