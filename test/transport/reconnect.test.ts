import { afterEach, describe, expect, it } from 'vitest';
import { type Clock, systemClock, type Timer } from '../../src/clock/index.ts';
import { heartbeat, linked, TestNode, type TestNodeOptions } from './node.ts';
import { TcpProxy } from './proxy.ts';

const open: { close(): unknown }[] = [];
const start = async (nodeId: string, options?: TestNodeOptions): Promise<TestNode> => {
  const node = new TestNode(nodeId, options);
  open.push(node.transport);
  return node.start();
};

afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

/** Its timers never fire, except those that are due already: what happens under it waited for none. */
class StillClock implements Clock {
  time = 0;
  readonly wall = systemClock.wall;
  readonly uptime = systemClock.uptime;
  readonly soon = systemClock.soon;

  now(): number {
    return this.time;
  }

  after(ms: number, fire: () => void): Timer {
    if (ms === 0) setImmediate(fire);
    return { cancel: () => {} };
  }
}

describe('a link that broke', () => {
  it('asks the peer’s host at once whether anybody still listens there, waiting for no timer', async () => {
    const clock = new StillClock();
    const [a, b] = [await start('a', { clock }), await start('b')];
    a.transport.setPeers([{ nodeId: 'b', address: b.address }]);
    await a.until(() => a.ups.length > 0);
    clock.time = 1_000;

    await b.transport.close();
    await a.until(() => a.downs.length === 2);

    expect(a.downs).toMatchObject([
      { nodeId: 'b', member: b.member, wasRefused: false },
      { nodeId: 'b', member: b.member, wasRefused: true },
    ]);
  });

  it('is dialled again as soon as the peer has reached us, waiting for no timer', async () => {
    const clock = new StillClock();
    const [a, b] = [await start('a', { clock }), await start('b')];
    await b.transport.close();
    a.transport.setPeers([{ nodeId: 'b', address: b.address }]);
    await a.until(() => a.downs.length > 0);
    clock.time = 1_000;

    const again = await start('b', { port: b.port });
    again.transport.setPeers([{ nodeId: 'a', address: a.address }]);
    await a.until(() => a.ups.length > 0);

    expect(a.downs).toHaveLength(1);
  });

  it('is up again after the peer has restarted, for its new life alone', async () => {
    const [a, b] = [await start('a'), await start('b')];
    await linked(a, b);
    await b.transport.close();

    const again = await start('b', { port: b.port, hello: { incarnation: 'ffff', run: 2 } });
    again.transport.setPeers([{ nodeId: 'a', address: a.address }]);
    await a.until(() => a.ups.find(({ member }) => member === again.member));

    a.transport.send(b.member, [heartbeat(a, b, 1)]);
    a.transport.send(again.member, [heartbeat(a, again, 2)]);
    await again.until(() => again.received.length > 0);

    expect(again.received).toMatchObject([{ packet: heartbeat(a, again, 2) }]);
  });

  it('keeps calling a peer that was never there, and says that it was refused', async () => {
    const [a, b] = [await start('a'), await start('b')];
    await b.transport.close();

    a.transport.setPeers([{ nodeId: 'b', address: b.address }]);
    await a.until(() => a.downs.length >= 3);

    expect(a.downs.every(({ wasRefused, member }) => wasRefused && member === undefined)).toBe(true);
  });

  it('is noticed when the network goes silent without closing anything (S115)', async () => {
    const [a, b] = [await start('a', { timing: { keepalive: 100 } }), await start('b')];
    const proxy = new TcpProxy(b.port);
    open.push(proxy);
    a.transport.setPeers([{ nodeId: 'b', address: await proxy.listen() }]);
    await a.until(() => a.ups.length > 0);

    proxy.freeze();
    const down = await a.until(() => a.downs[0]);

    expect(down).toMatchObject({ nodeId: 'b', member: b.member, wasRefused: false });
  });

  it('treats a name that does not resolve as a peer that is not there yet', async () => {
    const a = await start('a');

    a.transport.setPeers([{ nodeId: 'b', address: 'no-such-host.invalid:4000' }]);
    const down = await a.until(() => a.downs[0]);

    expect(down).toMatchObject({ nodeId: 'b', member: undefined, wasRefused: false });
  });
});

describe('setPeers', () => {
  it('leaves unchanged links alone and closes those of former peers', async () => {
    const [a, b, c] = [await start('a'), await start('b'), await start('c')];
    await linked(a, b, c);

    a.transport.setPeers([{ nodeId: 'b', address: b.address }]);
    a.transport.send(b.member, [heartbeat(a, b, 1)]);
    a.transport.send(c.member, [heartbeat(a, c, 1)]);
    await b.until(() => b.received.length > 0);

    expect(a.ups).toHaveLength(2);
    expect(a.downs).toEqual([]);
    expect(c.received).toEqual([]);
  });

  it('skips this node itself', async () => {
    const [a, b] = [await start('a'), await start('b')];

    await linked(a, b);

    expect(a.ups.map(({ member }) => member)).toEqual([b.member]);
  });

  it('reports an address that is none instead of throwing', async () => {
    const a = await start('a');

    a.transport.setPeers([{ nodeId: 'b', address: 'b:port' }]);
    const { refused } = await a.until(() => a.refusals[0]);

    expect(refused.text).toBe(
      'address of node b "b:port" has no port between 0 and 65535; expected host:port or [ipv6]:port',
    );
  });
});
