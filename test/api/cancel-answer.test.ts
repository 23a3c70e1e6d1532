import { expect, it } from 'vitest';
import { world } from './process.ts';

it('a grant that only the answer to its cancel tells of goes to the next', () => {
  const { clock, process } = world();
  const [holder, waiter, next] = [process(), process(), process()];
  const held = holder.acquire('x');
  clock.pass(10);
  waiter.gateway.losesAnswersTo = 1;
  const waiting = waiter.acquire('x');
  clock.pass(10);
  held.hold.release(() => undefined);
  clock.pass(10);

  waiting.acquisition.giveUp({ kind: 'timeout' });
  const asked = next.acquire('x');
  clock.pass(100);

  expect(waiting.summary).toBe('given-up:timeout:applied');
  expect(asked.summary).toBe('granted');
});
