import { expect, it } from 'vitest';
import { RemoteGateway } from '../../src/client/remote-gateway.ts';
import type { SessionListener } from '../../src/node/index.ts';
import {
  type ClientMessage,
  messagesOf,
  parseClientMessage,
  type ServerMessage,
  serverTuple,
} from '../../src/server/index.ts';
import { type ConnectOptions, parseAddress, type Value } from '../../src/transport/index.ts';
import { countingRandom, VirtualClock } from './virtual-clock.ts';

const logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

const listener: SessionListener = {
  answered: () => {},
  beatAcknowledged: () => {},
  taken: () => {},
  revokeRequested: () => {},
  contended: () => {},
  ended: () => {},
};

const view: ServerMessage & { readonly kind: 'cluster' } = {
  kind: 'cluster',
  view: { nodeId: 'a', role: 'leader', isReady: true, isDiskLow: false, leader: 'a', members: [] },
};

/** A client, the streams that it has dialled, and what it said on the latest. */
const scene = () => {
  const clock = new VirtualClock();
  const dialled: ConnectOptions[] = [];
  const said: ClientMessage[] = [];
  const gateway = new RemoteGateway({
    ...{ endpoints: ['a:1', 'b:1'], clock, random: countingRandom(), logger, label: 'client', insecure: true },
    ...{ clusterId: undefined, requireLeader: true, pulseMs: 1_000 },
    dial: (options) => {
      // As the real one does.
      parseAddress(options.endpoint);
      dialled.push(options);
      said.length = 0;
      const send = (frame: Value): boolean => {
        for (const body of messagesOf(frame) ?? []) {
          const message = parseClientMessage(body);
          if (message.kind !== 'bad') said.push(message);
        }
        return true;
      };
      return { send, close: () => {} };
    },
  });
  const hear = (message: ServerMessage): void => {
    dialled.at(-1)?.handlers.receive([serverTuple(message)]);
    clock.pass(0);
  };
  /** The node that was dialled last accepts the client. */
  const accept = (): void => {
    dialled.at(-1)?.opened?.({ clusterId: 'c', nodeId: 'a' });
    hear(view);
  };
  const lose = (): void => {
    dialled.at(-1)?.handlers.closed({ text: 'lost', refused: undefined });
    clock.pass(5_000);
  };
  gateway.start(() => {});
  clock.pass(0);
  const endpoints = (): readonly string[] => dialled.map(({ endpoint }) => endpoint);
  return { gateway, said, endpoints, hear, accept, lose };
};

it('a client that comes to another node names the sessions that it has before it opens more', () => {
  const { gateway, said, hear, accept, lose } = scene();
  accept();
  gateway.open({ nonce: '1'.repeat(32), ttlMs: 5_000, label: 'l', isHome: false }, listener, () => {});
  hear({ kind: 'opened', id: 1, session: 7 });
  gateway.open({ nonce: '2'.repeat(32), ttlMs: 5_000, label: 'l', isHome: false }, listener, () => {});

  lose();
  accept();

  expect(said.map(({ kind }) => kind).filter((kind) => kind !== 'ping')).toEqual(['attach', 'open']);
});

it('a client that is told of members at no address dials none of them, and goes on', () => {
  const { endpoints, hear, accept, lose } = scene();
  const wrong = ['', 'nowhere', 'b:99999', '[::1:1', 'c:1'];
  const members = wrong.map((address, at) => ({ id: `m${at}`, address }));
  accept();

  for (const { id } of members) hear({ kind: 'cluster', view: { ...view.view, leader: id, members } });
  for (let round = 0; round < 10; round += 1) lose();

  expect(new Set(endpoints())).toEqual(new Set(['a:1', 'b:1', 'c:1']));
});

it('a client says on each stream anew which holds it wants to hear of, once its session is attached', () => {
  const { gateway, said, hear, accept, lose } = scene();
  const told: string[] = [];
  const ear: SessionListener = { ...listener, contended: ({ name, token }) => told.push(`${name}:${token}`) };
  const watched = (): readonly unknown[] =>
    said.flatMap((message) => ('hold' in message ? [[message.kind, message.session, message.hold.token]] : []));
  accept();
  gateway.open({ nonce: '1'.repeat(32), ttlMs: 5_000, label: 'l', isHome: false }, ear, () => {});
  hear({ kind: 'opened', id: 1, session: 7 });
  for (const token of [1, 2]) gateway.watchHold(7, { name: 'x', token });
  gateway.unwatchHold(7, { name: 'x', token: 1 });
  gateway.unwatchHold(7, { name: 'x', token: 1 });
  hear(view);
  const first = watched();

  lose();
  gateway.watchHold(7, { name: 'y', token: 3 });
  gateway.unwatchHold(7, { name: 'z', token: 4 });
  accept();
  const before = watched();
  hear({ kind: 'attached', session: 7 });
  hear({ kind: 'contended', session: 7, hold: { name: 'y', token: 3 } });
  hear({ kind: 'contended', session: 8, hold: { name: 'y', token: 3 } });

  expect(first).toEqual([
    ['watch-hold', 7, 1],
    ['watch-hold', 7, 2],
    ['unwatch-hold', 7, 1],
  ]);
  expect(before).toEqual([]);
  expect(watched()).toEqual([
    ['watch-hold', 7, 2],
    ['watch-hold', 7, 3],
  ]);
  expect(told).toEqual(['y:3']);
});
