import { afterEach, describe, expect, it } from 'vitest';
import { append, heartbeat, linked, TestNode, type TestNodeOptions } from './node.ts';
import { StrangePeer } from './stranger.ts';

const open: { close(): unknown }[] = [];
const start = async (nodeId: string, options?: TestNodeOptions): Promise<TestNode> => {
  const node = new TestNode(nodeId, options);
  open.push(node.transport);
  return node.start();
};

afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

describe('a heartbeat', () => {
  it('arrives before the large appends that were sent before it', async () => {
    const [a, b] = [await start('a'), await start('b')];
    await linked(a, b);

    for (let i = 0; i < 3; i += 1) a.transport.send(b.member, [append(a, b, i, 4_000_000)]);
    a.transport.send(b.member, [heartbeat(a, b, 1)]);
    await b.until(() => b.received.length === 4);

    expect(b.received.findIndex(({ packet }) => packet.kind === 'raft' && packet.message.kind === 'heartbeat')).toBe(0);
  });

  it('is not held up by snapshot, forward and append streams that the peer does not read', async () => {
    const deaf = new TestNode('b');
    const peer = new StrangePeer(deaf.hello(), ['Snapshot', 'Forward', 'Append']);
    open.push(peer);
    const a = await start('a', { limits: { queueBytesMax: 2 * 1024 * 1024 } });
    a.transport.setPeers([{ nodeId: 'b', address: await peer.start() }]);
    await a.until(() => a.ups.length > 0);

    for (let i = 0; i < 40; i += 1) {
      const body = new Uint8Array(256 * 1024);
      a.transport.send(deaf.member, [
        { kind: 'snapshot', isReply: false, body },
        { kind: 'forward', isReply: false, body },
        append(a, deaf, i, 256 * 1024),
      ]);
    }
    a.transport.send(deaf.member, [heartbeat(a, deaf, 7)]);
    await peer.until(() => peer.heard.get('Control') === 1);

    expect(a.downs).toEqual([]);
  });
});

describe('a peer that does not read (S118)', () => {
  it('costs a bounded queue: what exceeds it is dropped, with one log line', async () => {
    const deaf = new TestNode('b');
    const peer = new StrangePeer(deaf.hello(), ['Snapshot']);
    open.push(peer);
    const a = await start('a', { limits: { queueBytesMax: 1024 * 1024 } });
    a.transport.setPeers([{ nodeId: 'b', address: await peer.start() }]);
    await a.until(() => a.ups.length > 0);

    const body = new Uint8Array(200 * 1024);
    for (let i = 0; i < 40; i += 1) {
      a.transport.send(deaf.member, [{ kind: 'snapshot', isReply: false, body }]);
      await new Promise((resolve) => setImmediate(resolve));
    }

    expect(a.warnings).toMatchObject([{ kind: 'queue-full', peer: deaf.member }]);
    expect(a.downs).toEqual([]);
  });
});

describe('a packet that is too large (S114)', () => {
  it('is left out with a log line, and those beside it arrive', async () => {
    const [a, b] = [await start('a', { limits: { messageBytesMax: 100_000 } }), await start('b')];
    await linked(a, b);

    const bodies = [1, new Uint8Array(100_000), 2, new Uint8Array(90_000), new Uint8Array(80_000), 3];
    a.transport.send(
      b.member,
      bodies.map((body) => ({ kind: 'forward', isReply: false, body })),
    );
    await b.until(() => b.received.length === 5);

    const sizes = b.received.map(({ packet }) =>
      packet.kind === 'forward' && packet.body instanceof Uint8Array
        ? packet.body.length
        : packet.kind === 'forward' && packet.body,
    );
    expect(sizes).toEqual([1, 2, 90_000, 80_000, 3]);
    expect(a.warnings).toMatchObject([{ kind: 'oversized', peer: b.member }]);
  });
});
