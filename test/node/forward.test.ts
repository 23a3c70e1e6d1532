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

it('requests for many locks with long names travel in messages that a peer reads', () => {
  const parts = Array.from({ length: 64 }, (_, at) => ({
    name: `${'x'.repeat(500)} ${at}`,
    mode: 'X' as const,
    permits: 1,
    limit: 0,
  }));
  const tickets = Array.from({ length: 300 }, (_, at) => ({
    command: { kind: 'acquire-all', session: 1, sequence: at + 1, mark: 0, parts, waits: true } as const,
    due: 0,
    attempts: 0,
  })).map((ticket) => ({ ...ticket, command: { ...ticket.command, owner: undefined, reenters: false } }));
  const sizes: number[] = [];
  const taken: number[] = [];
  const clock = new NodeClock(new VirtualTime());
  const handlers: ForwardHandlers = {
    ...{ beats: () => {}, receipt: () => {}, beatsAcknowledged: () => {}, replace: () => {}, malformed: () => {} },
    commands: (commands) => taken.push(commands.length),
  };
  const leads: Forward = new Forward({ send: () => {} }, clock, handlers);
  const asks = new Forward(
    {
      send: (_, packets) => {
        for (const packet of packets) {
          if (packet.kind !== 'forward') continue;
          sizes.push(JSON.stringify(packet.body).length);
          leads.receive(asker, packet.body);
        }
      },
    },
    clock,
    handlers,
  );

  asks.sendCommands(leader, tickets);

  expect(Math.max(...sizes)).toBeLessThan(2 * 1024 * 1024);
  expect(taken.reduce((sum, count) => sum + count, 0)).toBe(tickets.length);
});
