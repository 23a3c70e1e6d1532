import { afterEach, describe, expect, it } from 'vitest';
import type { RefusalCode } from '../../src/transport/index.ts';
import { heartbeat, TestNode, type TestNodeOptions } from './node.ts';
import { helloTuple, peerPath, Stranger } from './stranger.ts';

const open: { close(): unknown }[] = [];
const start = async (nodeId: string, options?: TestNodeOptions): Promise<TestNode> => {
  const node = new TestNode(nodeId, options);
  open.push(node.transport);
  return node.start();
};
const stranger = (node: TestNode, path: string = peerPath('Control')): Stranger => {
  const made = new Stranger(node.address, path);
  open.push(made);
  return made;
};

afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

const codes: readonly RefusalCode[] = [
  'PROTOCOL',
  'WRONG_CLUSTER',
  'WRONG_NODE',
  'UNKNOWN_MEMBER',
  'OTHER_INCARNATION',
  'OLD_RUN',
  'MEMBERS_DIFFER',
  'QUARANTINED',
  'NOT_READY',
  'UNAUTHENTICATED',
  'OVERLOADED',
  'SHUTTING_DOWN',
];

describe('the handshake', () => {
  it.each(codes)('tells the dialler that it was refused with %s', async (code) => {
    const [a, b] = [await start('a'), await start('b', { judge: () => ({ code, text: 'expected x, came y' }) })];

    a.transport.setPeers([{ nodeId: 'b', address: b.address }]);
    await a.until(() => a.refusals.length > 0);

    expect(a.refusals[0]).toEqual({ nodeId: 'b', refused: { code, text: 'expected x, came y', by: 'peer' } });
    expect(a.ups).toEqual([]);
  });

  it('lets the dialler refuse who answers, and tells its own node', async () => {
    const a = await start('a', { judge: () => ({ code: 'WRONG_CLUSTER', text: 'c2' }) });
    const b = await start('b');

    a.transport.setPeers([{ nodeId: 'b', address: b.address }]);
    await a.until(() => a.refusals.length > 0);

    expect(a.refusals).toEqual([{ nodeId: 'b', refused: { code: 'WRONG_CLUSTER', text: 'c2', by: 'us' } }]);
    expect(a.ups).toEqual([]);
  });

  it('tells the node that it was the one to refuse, also when it was dialled', async () => {
    const b = await start('b', { judge: () => ({ code: 'OLD_RUN', text: 'an old copy' }) });
    const a = await start('a');
    b.transport.setPeers([{ nodeId: 'a', address: a.address }]);
    await b.until(() => b.refusals.length > 0);
    const dialled = [...b.refusals];

    a.transport.setPeers([{ nodeId: 'b', address: b.address }]);
    await a.until(() => a.refusals.length > 0);

    expect([...dialled, ...b.refusals].map(({ refused }) => refused.by)).not.toContain('peer');
    expect(a.refusals.map(({ refused }) => refused.by)).toEqual(['peer']);
  });

  it('refuses another node at the address of the one that was dialled (S58)', async () => {
    const [a, c] = [await start('a'), await start('c')];

    a.transport.setPeers([{ nodeId: 'b', address: c.address }]);
    await a.until(() => a.refusals.length > 0);

    expect(a.refusals[0]).toMatchObject({ nodeId: 'b', refused: { code: 'WRONG_NODE' } });
    expect(a.ups).toEqual([]);
  });

  it('reports a refusal once, goes on dialling, and links as soon as the verdict changes', async () => {
    let judged = 0;
    const [a, b] = [await start('a', { timing: { redialMin: 5, redialMax: 10 } }), await start('b')];
    b.judging = () => {
      judged += 1;
      b.happened();
      return { code: 'NOT_READY', text: 'starting' };
    };
    a.transport.setPeers([{ nodeId: 'b', address: b.address }]);
    await b.until(() => judged > 12);

    b.judging = () => undefined;
    await a.until(() => a.ups.length > 0);

    expect(a.refusals).toHaveLength(1);
  });

  it.each([
    ['a node that is not ready yet is no news', 'NOT_READY', []],
    ['any other reason is worth one warning', 'OLD_RUN', ['refused:OLD_RUN']],
  ] as const)('%s, however often the peer knocks', async (_, code, kinds) => {
    let judged = 0;
    const [a, b] = [await start('a', { timing: { redialMin: 5, redialMax: 10 } }), await start('b')];
    b.judging = () => {
      judged += 1;
      b.happened();
      return { code, text: 'not now' };
    };

    a.transport.setPeers([{ nodeId: 'b', address: b.address }]);
    await b.until(() => judged > 12);

    expect(b.warnings.map(({ kind }) => kind)).toEqual(kinds);
  });

  it('refuses another protocol before reading anything after the number', async () => {
    const node = await start('a', { judge: () => ({ code: 'WRONG_CLUSTER', text: 'must not be asked' }) });

    const visitor = stranger(node).say(['hello', 2, [['another', 'shape']]]);
    await visitor.ended();

    expect(visitor.answers).toEqual([['refused', 'PROTOCOL', 'this node speaks protocol 1, the other one 2']]);
  });

  it('reads nothing before the introduction', async () => {
    const [a, b] = [await start('a'), await start('b')];

    const visitor = stranger(a).say([[6, b.member, a.member, 3, 7, 1]]);
    const status = await visitor.ended();

    expect(status).toBe(3);
    expect(a.received).toEqual([]);
    expect(a.warnings).toMatchObject([{ kind: 'bad-input' }]);
  });

  it('ends a stream that does not introduce itself in time', async () => {
    const node = await start('a', { timing: { hello: 50 } });

    const visitor = stranger(node);
    await visitor.ended();

    expect(visitor.answers).toEqual([]);
  });

  it.each([
    ['a run that is no integer', { 6: 1.5 }],
    ['a negative run', { 6: -1 }],
    ['a run beyond 2^53', { 6: 2 ** 53 }],
    ['an incarnation with the separator in it', { 5: 'x@y' }],
    ['no node id', { 4: '' }],
    ['a node id of 300 characters', { 4: 'x'.repeat(300) }],
    ['a genesis that is no list', { 11: 7 }],
    ['a genesis member without an address', { 11: [['n', 'i']] }],
    ['a client in the place of a peer', { 2: 'client' }],
  ])('drops a hello with %s, without asking the node', async (_, replaced) => {
    let judged = 0;
    const node = await start('a', {
      judge: () => {
        judged += 1;
        return undefined;
      },
    });
    const hello = new TestNode('b').hello();

    const visitor = stranger(node).say(helloTuple(hello, replaced));
    await visitor.ended();

    expect(visitor.answers).toEqual([]);
    expect(judged).toBe(0);
  });
});

describe('a message', () => {
  it('counts only when it names its stream’s peer as sender and this node as addressee (S58)', async () => {
    const node = await start('a');
    const [b, c] = [new TestNode('b'), new TestNode('c')];
    const visitor = stranger(node).say(helloTuple(b.hello()));
    const beat = (from: string, to: string, round: number) => [[6, from, to, 3, 7, round]];

    visitor
      .say(beat(c.member, node.member, 1))
      .say(beat(b.member, c.member, 2))
      .say(beat(b.member, node.member, 3));
    await node.until(() => node.received.length > 0);

    expect(node.received).toMatchObject([{ from: b.member, packet: heartbeat(b, node, 3) }]);
    expect(node.warnings.map(({ kind }) => kind)).toEqual(['misaddressed']);
  });

  it('is dropped when it is addressed to another life of the node', async () => {
    const [a, b] = [await start('a'), await start('b')];
    a.transport.setPeers([{ nodeId: 'b', address: b.address }]);
    await a.until(() => a.ups.length > 0);

    a.transport.send('b@00', [heartbeat(a, b, 1)]);
    a.transport.send(b.member, [heartbeat(a, b, 2)]);
    await b.until(() => b.received.length > 0);

    expect(b.received).toMatchObject([{ packet: heartbeat(a, b, 2) }]);
  });
});
