import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock/index.ts';
import {
  type ClientAcceptor,
  type ClientChannel,
  type ClientChannelHandlers,
  type ClientHello,
  type ConnectOptions,
  connectClient,
  type Refused,
  type ServerHello,
  TransportError,
  type Value,
} from '../../src/transport/index.ts';
import { Happenings, TestNode, type TestNodeOptions } from './node.ts';
import { TcpProxy } from './proxy.ts';
import { clientPath, Stranger } from './stranger.ts';

const open: { close(): unknown }[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

/** One end of a client's stream, which writes down what it is told. */
class End extends Happenings implements ClientChannelHandlers {
  readonly received: Value[] = [];
  readonly ends: { readonly text: string; readonly refused: Refused | undefined }[] = [];
  drains = 0;

  receive(body: Value): void {
    this.received.push(body);
    this.happened();
  }

  drained(): void {
    this.drains += 1;
    this.happened();
  }

  closed(reason: { readonly text: string; readonly refused: Refused | undefined }): void {
    this.ends.push(reason);
    this.happened();
  }
}

/** Lets every client in and keeps its end. */
class Lobby extends Happenings implements ClientAcceptor {
  readonly hellos: ClientHello[] = [];
  readonly guests: { readonly end: End; readonly channel: ClientChannel }[] = [];
  readonly answer: ServerHello = { clusterId: 'c1', nodeId: 'a' };

  accept(hello: ClientHello, channel: ClientChannel): { hello: ServerHello; handlers: End } {
    const end = new End();
    this.hellos.push(hello);
    this.guests.push({ end, channel });
    queueMicrotask(() => this.happened());
    return { hello: this.answer, handlers: end };
  }

  guest(place = 0): Promise<{ readonly end: End; readonly channel: ClientChannel }> {
    return this.until(() => this.guests[place]);
  }
}

const start = async (clients: ClientAcceptor, options?: TestNodeOptions): Promise<TestNode> => {
  const node = new TestNode('a', { clients, ...options });
  open.push(node.transport);
  return node.start();
};

const dialled = (endpoint: string, options?: Partial<ConnectOptions>): { end: End; channel: ClientChannel } => {
  const end = new End();
  const hello = { clusterId: undefined, label: 'worker 1', requireLeader: true };
  const channel = connectClient({ endpoint, hello, handlers: end, clock: systemClock, insecure: false, ...options });
  open.push(channel);
  return { end, channel };
};

describe('a client stream', () => {
  it('introduces both sides and carries bodies both ways, in order', async () => {
    const lobby = new Lobby();
    const node = await start(lobby);
    const hellos: ServerHello[] = [];

    const { end, channel } = dialled(node.address, { opened: (hello) => hellos.push(hello) });
    for (let i = 0; i < 100; i += 1) channel.send([i, new Uint8Array(3)]);
    const guest = await lobby.guest();
    await guest.end.until(() => guest.end.received.length === 100);
    guest.channel.send('well');
    guest.channel.send('done');
    await end.until(() => end.received.length === 2);

    expect(lobby.hellos).toEqual([{ clusterId: undefined, label: 'worker 1', requireLeader: true }]);
    expect(hellos).toEqual([lobby.answer]);
    expect(guest.end.received).toEqual(Array.from({ length: 100 }, (_, i) => [i, new Uint8Array(3)]));
    expect(end.received).toEqual(['well', 'done']);
  });

  it('delivers what was sent before a close, then tells both sides once', async () => {
    const lobby = new Lobby();
    const node = await start(lobby);
    const { end, channel } = dialled(node.address);
    channel.send('hello');
    const guest = await lobby.guest();
    await guest.end.until(() => guest.end.received.length > 0);

    channel.send('goodbye');
    channel.close();
    await guest.end.until(() => guest.end.ends.length > 0);
    await end.until(() => end.ends.length > 0);

    expect(guest.end.received).toEqual(['hello', 'goodbye']);
    expect(guest.end.ends).toEqual([{ text: 'the client ended the stream or its connection', refused: undefined }]);
    expect(end.ends).toEqual([{ text: 'closed by this side', refused: undefined }]);
  });

  it('delivers what the node sent before it closed the stream', async () => {
    const lobby = new Lobby();
    const node = await start(lobby);
    const { end } = dialled(node.address);
    const guest = await lobby.guest();

    guest.channel.send('moved');
    guest.channel.close();
    await end.until(() => end.ends.length > 0);
    await guest.end.until(() => guest.end.ends.length > 0);

    expect(end.received).toEqual(['moved']);
    expect(end.ends).toMatchObject([{ text: expect.stringContaining('the node ended the stream') }]);
    expect(guest.end.ends).toEqual([{ text: 'closed by this side', refused: undefined }]);
  });

  it('tells the client that the node is gone', async () => {
    const lobby = new Lobby();
    const node = await start(lobby);
    const { end } = dialled(node.address);
    await lobby.guest();

    await node.transport.close();
    await end.until(() => end.ends.length > 0);

    expect(end.ends).toHaveLength(1);
  });

  it('tells the node that the client is gone without a word', async () => {
    const lobby = new Lobby();
    const node = await start(lobby);
    const proxy = new TcpProxy(node.port);
    dialled(await proxy.listen());
    const guest = await lobby.guest();

    proxy.close();
    await guest.end.until(() => guest.end.ends.length > 0);

    expect(guest.end.ends).toMatchObject([{ text: 'the client ended the stream or its connection' }]);
  });

  it('is noticed to be dead on both sides when the network goes silent', async () => {
    const lobby = new Lobby();
    const node = await start(lobby, { timing: { guestKeepalive: 50 } });
    const proxy = new TcpProxy(node.port);
    open.push(proxy);
    const { end } = dialled(await proxy.listen(), { keepalive: 50 });
    const guest = await lobby.guest();

    proxy.freeze();
    await end.until(() => end.ends.length > 0);
    await guest.end.until(() => guest.end.ends.length > 0);

    expect([end.ends.length, guest.end.ends.length]).toEqual([1, 1]);
  });

  it('makes a fast sender wait for a slow reader, and tells when to go on', async () => {
    const lobby = new Lobby();
    const node = await start(lobby);
    const { end } = dialled(node.address);
    const guest = await lobby.guest();

    let sent = 0;
    while (guest.channel.send(new Uint8Array(200_000))) sent += 1;
    await guest.end.until(() => guest.end.drains > 0);
    await end.until(() => end.received.length === sent + 1);

    expect(guest.end.drains).toBe(1);
    expect(guest.channel.send('more')).toBe(true);
  });

  it('is cut off, not starved silently, when its reader stays behind the limit', async () => {
    const lobby = new Lobby();
    const node = await start(lobby, { limits: { clientQueueBytesMax: 500_000 } });
    const { end } = dialled(node.address);
    const guest = await lobby.guest();

    for (let i = 0; i < 40; i += 1) guest.channel.send(new Uint8Array(200_000));
    await guest.end.until(() => guest.end.ends.length > 0);
    await end.until(() => end.ends.length > 0);

    expect(guest.end.ends).toMatchObject([{ text: 'the other side reads too slowly: its queue is full' }]);
  });

  it('ends when a frame from the node is bad', async () => {
    const lobby = new Lobby();
    const node = await start(lobby);
    const { end } = dialled(node.address, { limits: { messageBytesMax: 1_000 } });
    const guest = await lobby.guest();

    guest.channel.send(new Uint8Array(1_001));
    await end.until(() => end.ends.length > 0);

    expect(end.received).toEqual([]);
    expect(end.ends).toMatchObject([{ text: '1004 bytes, at most 1000 are allowed' }]);
  });

  it('ends when a frame from the client is bad, and the node goes on', async () => {
    const lobby = new Lobby();
    const node = await start(lobby);
    const stranger = new Stranger(node.address, clientPath);
    open.push(stranger);
    stranger.say(['hello', 1, 'client', null, 'x', true]);
    const guest = await lobby.guest();

    stranger.sayBytes(Uint8Array.from([0x81, 0x01, 0x01]));
    await guest.end.until(() => guest.end.ends.length > 0);
    dialled(node.address).channel.send('hello');
    const other = await lobby.guest(1);
    await other.end.until(() => other.end.received.length > 0);

    expect(guest.end.received).toEqual([]);
    expect(guest.end.ends).toMatchObject([{ text: 'malformed message: a type that is not ours (0x81)' }]);
  });
});

describe('connecting', () => {
  it('reports a refusal with its code', async () => {
    const node = await start({ accept: () => ({ code: 'WRONG_CLUSTER', text: 'this is c1' }) });

    const { end } = dialled(node.address);
    await end.until(() => end.ends.length > 0);

    expect(end.ends).toMatchObject([{ refused: { code: 'WRONG_CLUSTER', text: 'this is c1' } }]);
  });

  it('is refused as overloaded beyond the limit of clients, and possible again when one has left', async () => {
    const lobby = new Lobby();
    const node = await start(lobby, { limits: { clientStreamsMax: 1 } });
    const first = dialled(node.address);
    const guest = await lobby.guest();

    const second = dialled(node.address);
    await second.end.until(() => second.end.ends.length > 0);
    first.channel.close();
    await guest.end.until(() => guest.end.ends.length > 0);
    dialled(node.address);
    await lobby.guest(1);

    expect(second.end.ends).toMatchObject([{ refused: { code: 'OVERLOADED' } }]);
  });

  it('to a port where nobody listens fails with a text that says so', async () => {
    const node = await start(new Lobby());
    await node.transport.close();

    const { end, channel } = dialled(node.address);
    await end.until(() => end.ends.length > 0);

    expect(end.ends).toEqual([{ text: `${node.address}: nobody listens there`, refused: undefined }]);
    expect(channel.send('too late')).toBe(false);
  });

  it('to somebody who accepts and says nothing fails in time', async () => {
    const node = await start(new Lobby());
    const proxy = new TcpProxy(node.port);
    open.push(proxy);
    const endpoint = await proxy.listen();
    proxy.freeze();

    const { end } = dialled(endpoint, { dialTimeout: 80 });
    await end.until(() => end.ends.length > 0);

    expect(end.ends).toEqual([{ text: `${endpoint}: no answer within 80 ms`, refused: undefined }]);
  });

  it('to a node without client service fails', async () => {
    const node = new TestNode('a');
    open.push(node.transport);
    await node.start();

    const { end } = dialled(node.address);
    await end.until(() => end.ends.length > 0);

    expect(end.ends).toHaveLength(1);
  });

  it('can be given up before it has succeeded, and says so later, not during the call', async () => {
    const lobby = new Lobby();
    const node = await start(lobby);

    const { end, channel } = dialled(node.address);
    channel.close();
    const during = end.ends.length;
    await end.until(() => end.ends.length > 0);

    expect(during).toBe(0);
    expect(end.ends).toHaveLength(1);
  });

  it('refuses an endpoint that is none with a typed error', () => {
    expect(() => dialled('somewhere')).toThrow(TransportError);
  });
});
