import { expect, it } from 'vitest';
import { memberId } from '../../raft/index.ts';
import { Forward, type ForwardHandlers } from '../../src/node/forward.ts';
import { type AdminOutcome, failureCodes } from '../../src/node/index.ts';
import type { Receipt, Ticket } from '../../src/node/tickets.ts';
import type { Command } from '../../src/table/index.ts';
import { NodeClock } from '../../src/testing/node-clock.ts';
import { VirtualTime } from '../../src/testing/virtual-time.ts';
import type { Packet } from '../../src/transport/index.ts';

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

it('what went into the log is told once in a while, all batches together; what did not, at once', () => {
  const receipts: Receipt[] = ['accepted', 'slow-down', 'accepted'];
  const heard: unknown[] = [];
  const frames: number[] = [];
  const clock = new NodeClock(new VirtualTime());
  const handlers: ForwardHandlers = {
    ...{ beats: () => {}, beatsAcknowledged: () => {}, replace: () => {}, malformed: () => {} },
    commands: (_, receipt) => receipt(receipts.shift() ?? 'accepted'),
    receipt: (tickets, receipt) => heard.push([tickets.map(({ command }) => command.kind), receipt]),
  };
  const asks: Forward = new Forward({ send: (_, packets) => pass(packets, asker, () => leads) }, clock, handlers);
  const leads: Forward = new Forward(
    {
      send: (_, packets) => {
        frames.push(packets.length);
        pass(packets, leader, () => asks);
      },
    },
    clock,
    handlers,
  );
  const ticket = (kind: 'close'): Ticket => ({ command: { kind, session: 1 }, due: 0, attempts: 1 });

  for (let n = 0; n < 3; n += 1) asks.sendCommands(leader, [ticket('close')]);
  const atOnce = [...heard];
  leads.sendReceipts();
  leads.sendReceipts();

  expect(atOnce).toEqual([[['close'], 'slow-down']]);
  expect(heard).toHaveLength(3);
  expect(frames).toEqual([1, 2]);
});

const long = 'x'.repeat(500);

const largeRequests: Readonly<Record<string, (sequence: number) => Command>> = {
  'requests for many locks with long names': (sequence) => ({
    ...{ kind: 'acquire-all', session: 1, sequence, mark: 0, waits: true, owner: undefined, reenters: false },
    parts: Array.from({ length: 64 }, (_, at) => ({ name: `${long} ${at}`, mode: 'X', permits: 1, limit: 0 })),
  }),
  'writes of large registers': (sequence) => {
    const turn = { session: 1, sequence, mark: 0 };
    const value = 'v'.repeat(4_096);
    const request = { ...turn, kind: 'write', register: long, value, expected: undefined } as const;
    return { ...turn, kind: 'guarded', guard: { name: long, token: 1 }, request };
  },
  // Written down a quote takes twice its room.
  'orders with long reasons': (sequence) => ({
    ...{ kind: 'force-release', session: 1, sequence, mark: 0, name: '"'.repeat(500), token: 1 },
    ...{ actor: '"'.repeat(256), reason: '"'.repeat(512) },
  }),
};

it.each(Object.entries(largeRequests))('%s travel in messages that a peer reads', (_name, command) => {
  const tickets = Array.from({ length: 1_000 }, (_, at) => ({ command: command(at + 1), due: 0, attempts: 0 }));
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

function pass(packets: readonly Packet[], from: string, to: () => Forward): void {
  for (const packet of packets) if (packet.kind === 'forward') to().receive(from, packet.body);
}
