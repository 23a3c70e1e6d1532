import { expect, it } from 'vitest';
import { memberId } from '../../raft/index.ts';
import { Forward, type ForwardHandlers } from '../../src/node/forward.ts';
import { type AdminOutcome, failureCodes } from '../../src/node/index.ts';
import { NodeClock } from '../../src/testing/node-clock.ts';
import { VirtualTime } from '../../src/testing/virtual-time.ts';

const [asker, leader] = [memberId('a', 'i'), memberId('b', 'i')];

/** A node that leads, and answers each order with the next outcome; and one that asks it. */
const pair = (outcomes: AdminOutcome[]): { readonly asks: Forward; readonly malformed: readonly string[] } => {
  const clock = new NodeClock(new VirtualTime());
  const malformed: string[] = [];
  const handlers: ForwardHandlers = {
    ...{ commands: () => {}, beats: () => {}, receipt: () => {}, beatsAcknowledged: () => {} },
    replace: (_, done) => {
      const next = outcomes.shift();
      if (next !== undefined) done(next);
    },
    malformed: (_, reason) => malformed.push(reason),
  };
  const to = (of: () => Forward, from: typeof asker): ConstructorParameters<typeof Forward>[0] => ({
    send: (_, packets) => {
      for (const packet of packets) if (packet.kind === 'forward') of().receive(from, packet.body);
    },
  });
  const asks: Forward = new Forward(
    to(() => leads, asker),
    clock,
    handlers,
  );
  const leads: Forward = new Forward(
    to(() => asks, leader),
    clock,
    handlers,
  );
  return { asks, malformed };
};

it('an order that the leader refuses is answered with its code and its text', () => {
  const refusals = failureCodes.map((code): AdminOutcome => ({ ok: false, failure: { code, text: `for ${code}` } }));
  const { asks, malformed } = pair([...refusals]);
  const answers: AdminOutcome[] = [];

  for (const _ of refusals) asks.sendReplace(leader, 'c', (outcome) => answers.push(outcome));

  expect(answers).toEqual(refusals);
  expect(malformed).toEqual([]);
});
