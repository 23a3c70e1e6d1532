import { expect, it } from 'vitest';
import { Leadership } from '../../src/leadership.ts';
import { type Lead, Term } from '../../src/term.ts';
import { ttlMs, world } from './process.ts';

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Until all that is ready has run. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const furnished = (lead: Lead) => {
  const { clock, process } = world();
  const one = process();
  const asked = one.acquire('x');
  clock.pass(10);
  const term = new Term(new Leadership(asked.hold, { logger: silent, ttlMs, verify: async () => true }, 'v'), lead);
  const told: unknown[] = [];
  const run = (): void => term.run((failure) => told.push(failure?.error));
  const lose = (): void => {
    one.gateway.cut();
    clock.pass(2 * ttlMs);
  };
  return { term, told, run, lose };
};

/** Works until it is to stop, and passes on why. */
const obedient: Lead = (_, stop) =>
  new Promise((_resolve, reject) => stop.addEventListener('abort', () => reject(stop.reason)));

it('ends with its work, and with its error', async () => {
  const well = furnished(() => 5);
  const badly = furnished(() => {
    throw new Error('mine');
  });
  well.run();
  badly.run();
  const atOnce = [...well.told, ...badly.told];
  await turn();

  expect([atOnce, well.told]).toEqual([[], [undefined]]);
  expect(badly.told).toEqual([expect.objectContaining({ message: 'mine' })]);
});

it('tells its work to stop when the leadership is lost, with the reason', async () => {
  const reasons: unknown[] = [];
  const { told, run, lose } = furnished(async (leadership, stop) => {
    stop.addEventListener('abort', () => reasons.push(stop.reason, leadership.isHeld));
    await obedient(leadership, stop);
  });
  run();
  await turn();

  lose();
  await turn();

  expect(reasons).toEqual([expect.objectContaining({ code: 'LOCK_LOST' }), false]);
  expect(told).toEqual([undefined]);
});

it('does not begin what was lost or stopped before', async () => {
  let begun = 0;
  const lead: Lead = () => {
    begun += 1;
  };
  const [lost, stopped] = [furnished(lead), furnished(lead)];
  lost.lose();
  lost.run();
  stopped.run();
  stopped.term.stop('now');
  await turn();

  expect(begun).toBe(0);
  expect([lost.told, stopped.told]).toEqual([[undefined], [undefined]]);
});

it.each([
  ['an abort error', new DOMException('aborted', 'AbortError')],
  ['an error that has the reason as its cause', new Error('cancelled', { cause: 'the reason' })],
  ['the reason itself', 'the reason'],
])('takes %s for the end that it asked for', async (_, error) => {
  const { term, told, run } = furnished(
    (_leadership, stop) => new Promise((_resolve, reject) => stop.addEventListener('abort', () => reject(error))),
  );
  run();
  await turn();

  term.stop('the reason');
  await turn();

  expect(told).toEqual([undefined]);
});

it('takes no other error for it, and none before it asked', async () => {
  const early = furnished(() => Promise.reject(new DOMException('aborted', 'AbortError')));
  const late = furnished(
    (_leadership, stop) =>
      new Promise((_resolve, reject) => stop.addEventListener('abort', () => reject(new Error('mine')))),
  );
  early.run();
  late.run();
  await turn();
  late.term.stop('the reason');
  await turn();

  expect(early.told).toEqual([expect.objectContaining({ name: 'AbortError' })]);
  expect(late.told).toEqual([expect.objectContaining({ message: 'mine' })]);
});
