import { expect, it } from 'vitest';
import { LockLostError, NotHeldError, TimeoutError } from '../../src/errors.ts';
import type { Hold } from '../../src/hold.ts';
import { ttlMs, world } from './process.ts';

const furnished = () => {
  const { clock, cluster, process } = world();
  const one = process();
  const asked = one.acquire('x');
  clock.pass(10);
  const { hold } = asked;
  const told: unknown[] = [];
  const proclaim = (value: string, by: Hold = hold): void =>
    by.proclaim({ value, limitMs: ttlMs }, (error) => told.push(error ?? value));
  const shown = () => cluster.table.views.inspect('x')?.holders.map(({ metadata }) => metadata);
  return { clock, cluster, one, hold, told, proclaim, shown };
};

it('a value is told to whoever looks once it is confirmed', () => {
  const { clock, told, proclaim, shown } = furnished();

  proclaim('a');
  const before = [...told];
  clock.pass(10);

  expect([before, told, shown()]).toEqual([[], ['a'], ['a']]);
});

it('values never arrive in another order, whatever is lost on the way, and those in between are left out', () => {
  const { clock, one, told, proclaim, shown } = furnished();
  one.gateway.cut();
  for (const value of ['a', 'b', 'c', 'd']) proclaim(value);
  clock.pass(10);

  one.gateway.heal();
  clock.pass(100);

  expect(told).toEqual(['a', 'b', 'c', 'd']);
  expect(shown()).toEqual(['d']);
  expect(one.engine.isIdle).toBe(false);
});

it('sends one request at a time', () => {
  const { clock, cluster, proclaim } = furnished();
  const before = cluster.table.appliedIndex;

  for (let at = 0; at < 100; at += 1) proclaim(String(at));
  clock.pass(100);

  expect(cluster.table.appliedIndex - before).toBe(2);
});

it('a value that nobody confirms is unknown, and one behind it was never sent', () => {
  const { clock, one, told, proclaim } = furnished();
  one.gateway.losesAnswersTo = 2;
  proclaim('a');
  proclaim('b');

  clock.pass(ttlMs);

  expect(told).toEqual([expect.any(TimeoutError), expect.any(TimeoutError)]);
  expect(told).toMatchObject([{ outcome: 'unknown' }, { outcome: 'not-applied' }]);
});

it('what was let go has no value any more', () => {
  const { clock, hold, told, proclaim } = furnished();
  hold.release(() => undefined);
  proclaim('a');
  clock.pass(10);

  expect(told).toEqual([expect.any(NotHeldError)]);
});

it('a value on its way when the hold is let go comes first, or is refused', () => {
  const { clock, hold, told, proclaim } = furnished();
  proclaim('a');
  proclaim('b');
  hold.release(() => undefined);
  clock.pass(10);

  expect(told).toEqual(['a', expect.any(NotHeldError)]);
});

it('ends with its session: the loss of the hold is what it comes to', () => {
  const { clock, one, hold, told, proclaim } = furnished();
  one.gateway.cut();
  clock.pass(ttlMs / 2);
  proclaim('a');
  proclaim('b');

  clock.pass(ttlMs);
  proclaim('c');

  expect(told).toEqual([hold.loss, hold.loss, hold.loss]);
  expect(hold.loss).toBeInstanceOf(LockLostError);
});
