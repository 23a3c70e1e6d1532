import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { encodeValue } from '../../src/transport/index.ts';
import { heartbeat, linked, TestNode, type TestNodeOptions } from './node.ts';
import { clientPath, helloTuple, peerPath, Stranger } from './stranger.ts';

const open: { close(): unknown }[] = [];
const start = async (nodeId: string, options?: TestNodeOptions): Promise<TestNode> => {
  const node = new TestNode(nodeId, options);
  open.push(node.transport);
  return node.start();
};
const stranger = (node: TestNode, path: string): Stranger => {
  const made = new Stranger(node.address, path);
  open.push(made);
  return made;
};

afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

/** Two linked nodes, of which the first is attacked; `stillLinked` shows that they have not noticed. */
async function pair(options?: TestNodeOptions): Promise<{ a: TestNode; b: TestNode; stillLinked(): Promise<void> }> {
  const clients = { accept: () => ({ code: 'NOT_READY', text: 'never' }) as const };
  const [a, b] = [await start('a', { clients, ...options }), await start('b')];
  await linked(a, b);
  const before = [a.downs.length, b.downs.length];
  const stillLinked = async (): Promise<void> => {
    b.transport.send(a.member, [heartbeat(b, a, 1)]);
    await a.until(() => a.messages('heartbeat').length > 0);
    expect([a.downs.length, b.downs.length]).toEqual(before);
  };
  return { a, b, stillLinked };
}

const deep = (depth: number): Uint8Array => Uint8Array.from([...Array(depth).fill(0x91), 0xc0]);

const texts: readonly (readonly [string, Uint8Array])[] = [
  ['nothing', new Uint8Array(0)],
  ['noise', Uint8Array.from({ length: 500 }, (_, i) => (i * 7919) % 256)],
  ['a text that ends early', encodeValue(['hello', 1, 'peer']).subarray(0, 9)],
  ['bytes after the end', Buffer.concat([encodeValue([]), encodeValue(0)])],
  ['a claim of 4 G elements in five bytes', Uint8Array.from([0xdd, 0xff, 0xff, 0xff, 0xff])],
  ['a claim of 4 GB of binary', Uint8Array.from([0xc6, 0xff, 0xff, 0xff, 0xff, 0])],
  ['a million arrays in each other', deep(1_000_000)],
  ['a map', Uint8Array.from([0x81, 0xa1, 0x61, 0x01])],
  ['an error object', Uint8Array.from([0xc7, 0x04, 0x65, 0x93, 0xa1, 0x61, 0xc0])],
  ['a record definition', Uint8Array.from([0xd4, 0x72, 0x40, 0x91, 0xa1, 0x61, 0x01])],
  ['a 64-bit integer', Uint8Array.from([0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])],
  ['5 MiB', new Uint8Array(5 * 1024 * 1024)],
];

describe.each([
  ['peer', peerPath('Control')],
  ['peer append', peerPath('Append')],
  ['client', clientPath],
])('the %s port', (_, path) => {
  it.each(texts)('drops a stream that begins with %s, and nothing else suffers', async (_what, bytes) => {
    const { a, stillLinked } = await pair();

    const visitor = stranger(a, path).sayBytes(bytes);
    await visitor.ended();

    expect(visitor.answers).toEqual([]);
    expect(a.received).toEqual([]);
    await stillLinked();
  });
});

describe('a peer that is let in', () => {
  it.each(texts)('loses the stream on which it sends %s, and only that', async (_what, bytes) => {
    const { a, stillLinked } = await pair();
    const c = new TestNode('c');
    const good = stranger(a, peerPath('Control')).say(helloTuple(c.hello()));
    await good.until(() => good.answers.length > 0);

    const bad = stranger(a, peerPath('Append')).say(helloTuple(c.hello()));
    await bad.until(() => bad.answers.length > 0);
    bad.sayBytes(bytes);
    await bad.ended();

    good.say([[6, c.member, a.member, 3, 7, 9]]);
    await a.until(() => a.received.some(({ from }) => from === c.member));
    await stillLinked();
  });

  it.each([
    ['a term beyond 2^53', [2, 2 ** 53, 1, 1, 0, false]],
    ['a negative term', [2, -1, 1, 1, 0, false]],
    ['a term that is no number', [2, Number.NaN, 1, 1, 0, false]],
    ['a kind that is not known', [99, 1]],
    ['a field too many', [8, 1, 1]],
    ['an append on the control stream', [4, 3, 1, 1, 1, 0, []]],
    ['a reply where requests belong', [7, 3, 1]],
  ])('never gets %s through to the core', async (_, [kind, ...fields]) => {
    const a = await start('a');
    const c = new TestNode('c');
    const visitor = stranger(a, peerPath('Control')).say(helloTuple(c.hello()));

    visitor.say([[kind, c.member, a.member, ...fields]]);
    await visitor.ended();

    expect(a.received).toEqual([]);
    expect(a.warnings).toMatchObject([{ kind: 'bad-input', peer: c.member }]);
  });

  it('gets one log line for a hundred bad frames', async () => {
    const a = await start('a');
    const c = new TestNode('c');

    for (let i = 0; i < 100; i += 1) {
      const visitor = stranger(a, peerPath('Control')).say(helloTuple(c.hello())).say('bad');
      await visitor.ended();
      visitor.close();
    }

    expect(a.warnings).toHaveLength(1);
  });
});

describe('a raw connection', () => {
  const raw = (node: TestNode, bytes: string | Uint8Array): Promise<void> =>
    new Promise((resolve) => {
      const socket = connect(node.port, '127.0.0.1', () => socket.write(bytes));
      socket.on('error', () => {});
      socket.on('close', () => resolve());
      socket.resume();
    });

  it.each([
    ['an HTTP/1 request', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['noise', Uint8Array.from({ length: 4_000 }, (_, i) => (i * 31) % 256)],
    ['a TLS greeting', Uint8Array.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3])],
    ['half an HTTP/2 preface, and then nothing', 'PRI * HTTP/2.0\r\n'],
  ])('with %s is closed, with one log line, and the peers go on', async (_, bytes) => {
    const { a, stillLinked } = await pair({ timing: { hello: 500 } });

    await raw(a, bytes);
    await a.until(() => a.warnings.length > 0);

    expect(a.warnings).toMatchObject([{ kind: 'stranger', peer: '127.0.0.1' }]);
    await stillLinked();
  });

  it('that says nothing at all is closed in time, without a word', async () => {
    const { a, stillLinked } = await pair({ timing: { hello: 500 } });

    await raw(a, '');

    expect(a.warnings).toEqual([]);
    await stillLinked();
  });

  it('can open only so many streams', async () => {
    const { a, stillLinked } = await pair({ limits: { streamsPerConnectionMax: 8 } });
    const session = connectHttp2(`http://${a.address}`);
    open.push(session);
    session.on('error', () => {});

    const limit = await new Promise<number | undefined>((resolve) => {
      session.once('remoteSettings', ({ maxConcurrentStreams }) => resolve(maxConcurrentStreams));
    });

    expect(limit).toBe(8);
    await stillLinked();
  });

  it('beyond the cap is closed at once', async () => {
    const a = await start('a', { limits: { connectionsMax: 1 } });
    const visitor = stranger(a, peerPath('Control')).say(helloTuple(new TestNode('c').hello()));
    await visitor.until(() => visitor.answers.length > 0);

    await raw(a, 'x');

    expect(a.warnings).toMatchObject([{ kind: 'overloaded' }]);
  });

  it.each([
    ['a false length of 4 GB', [0, 0xff, 0xff, 0xff, 0xff]],
    ['half a message, and then nothing', [0, 0, 0, 0, 100, 1, 2, 3]],
    ['a compressed message that is none', [1, 0, 0, 0, 3, 1, 2, 3]],
  ])('with %s as its first message is closed in time', async (_, bytes) => {
    const { a, stillLinked } = await pair({ timing: { hello: 500 } });
    const session = connectHttp2(`http://${a.address}`);
    open.push(session);
    session.on('error', () => {});
    const stream = session.request({
      ':method': 'POST',
      ':path': peerPath('Append'),
      'content-type': 'application/grpc',
      'grpc-encoding': 'gzip',
      te: 'trailers',
    });
    stream.on('error', () => {});
    stream.write(Uint8Array.from(bytes));

    await new Promise((resolve) => session.on('close', resolve));

    expect(a.received).toEqual([]);
    await stillLinked();
  });

  it('with a message that unpacks to far more than is allowed is turned away', async () => {
    const { a, stillLinked } = await pair();
    const c = new TestNode('c');
    const visitor = new Stranger(a.address, peerPath('Append'), { 'grpc.default_compression_algorithm': 2 });
    open.push(visitor);
    visitor.say(helloTuple(c.hello()));
    await visitor.until(() => visitor.answers.length > 0);
    visitor.sayBytes(Buffer.alloc(64 * 1024 * 1024));
    const status = await visitor.ended();

    expect(status).toBe(8);
    await stillLinked();
  });

  it('to a path that does not exist is answered, not obeyed', async () => {
    const { a, stillLinked } = await pair();

    const statuses = [];
    for (const path of ['/holdfast.v1.Peer/Nothing', '/__proto__/x', '/holdfast.v1.Peer/__proto__', '/']) {
      statuses.push(await stranger(a, path).say([]).ended());
    }

    expect(statuses).toEqual([12, 12, 12, 12]);
    await stillLinked();
  });
});
