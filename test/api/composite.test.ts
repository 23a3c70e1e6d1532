import { expect, it } from 'vitest';
import type { AcquireOutcome } from '../../src/acquisition.ts';
import { CompositeHandle } from '../../src/composite.ts';
import { LockLostError } from '../../src/errors.ts';
import { LockHandle } from '../../src/handle.ts';
import { silentLogger as silent } from '../../src/logger.ts';
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
