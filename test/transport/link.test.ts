import { afterEach, describe, expect, it } from 'vitest';
import { append, heartbeat, heartbeatReply, kindOf, linked, TestNode, type TestNodeOptions } from './node.ts';

const running: TestNode[] = [];
const start = async (nodeId: string, options?: TestNodeOptions): Promise<TestNode> => {
  const node = new TestNode(nodeId, options);
  running.push(node);
  return node.start();
};

afterEach(async () => {
  await Promise.all(running.splice(0).map((node) => node.transport.close()));
});

describe('a link between two nodes', () => {
  it('carries messages both ways, replies on the stream that the peer opened', async () => {
    const [a, b] = [await start('a'), await start('b')];
    a.transport.setPeers([{ nodeId: 'b', address: b.address }]);
    await a.until(() => a.ups.length === 1);

    a.transport.send(b.member, [heartbeat(a, b, 1)]);
    await b.until(() => b.messages('heartbeat').length === 1);
    b.transport.send(a.member, [heartbeatReply(b, a, 1)]);
    await a.until(() => a.messages('heartbeat-reply').length === 1);

    expect(b.received[0]).toMatchObject({ from: a.member, packet: heartbeat(a, b, 1) });
    expect(a.received[0]).toMatchObject({ from: b.member, packet: heartbeatReply(b, a, 1) });
  });

  it('keeps the order of each class', async () => {
    const [a, b] = [await start('a'), await start('b')];
    await linked(a, b);

    for (let i = 0; i < 300; i += 1)
      a.transport.send(b.member, [append(a, b, i, 10), { kind: 'forward', isReply: false, body: i }]);
    await b.until(() => b.received.length === 600);

    const requests = b
      .messages('append')
      .map((packet) => packet.kind === 'raft' && packet.message.kind === 'append' && packet.message.request);
    expect(requests).toEqual([...Array(300).keys()]);
    expect(
      b.received
        .filter(({ packet }) => kindOf(packet) === 'forward')
        .map(({ packet }) => packet.kind === 'forward' && packet.body),
    ).toEqual([...Array(300).keys()]);
  });
});
