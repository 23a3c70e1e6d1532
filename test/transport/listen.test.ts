import { spawn } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock/index.ts';
import {
  formatAddress,
  GrpcTransport,
  isLoopback,
  parseAddress,
  TransportError,
  type TransportErrorCode,
} from '../../src/transport/index.ts';
import { heartbeat, linked, TestNode } from './node.ts';

const transport = (listen: string | undefined, insecure = false): GrpcTransport =>
  new GrpcTransport({ listen, selfNodeId: 'a', handlers: new TestNode('a'), clock: systemClock, insecure });

const codeOf = async (listening: Promise<unknown>): Promise<TransportErrorCode | undefined> => {
  try {
    await listening;
    return undefined;
  } catch (error) {
    return error instanceof TransportError ? error.code : undefined;
  }
};

describe('listening', () => {
  it.each([
    ['somewhere', 'INVALID_ADDRESS'],
    ['127.0.0.1:70000', 'INVALID_ADDRESS'],
    ['0.0.0.0:0', 'INSECURE'],
    ['[::]:0', 'INSECURE'],
    ['example.org:0', 'INSECURE'],
    ['203.0.113.7:0', 'INSECURE'],
  ] as const)('on %s is refused as %s', async (listen, code) => {
    const subject = transport(listen);

    expect(await codeOf(subject.listen())).toBe(code);
    await subject.close();
  });

  it.each(['127.0.0.1:0', 'localhost:0'])('on %s needs no permission', async (listen) => {
    const subject = transport(listen);

    expect((await subject.listen()).port).toBeGreaterThan(0);
    await subject.close();
  });

  it('beyond loopback works when plaintext there was allowed', async () => {
    const subject = transport('0.0.0.0:0', true);

    expect((await subject.listen()).port).toBeGreaterThan(0);
    await subject.close();
  });

  it('says that a port is taken, and that an address is not of this host', async () => {
    const first = transport('127.0.0.1:0');
    const { port } = await first.listen();
    const [second, third] = [transport(`127.0.0.1:${port}`), transport('203.0.113.7:0', true)];

    await expect(second.listen()).rejects.toMatchObject({
      code: 'ADDRESS_IN_USE',
      message: `cannot listen on 127.0.0.1:${port}: something listens there already`,
    });
    expect(await codeOf(third.listen())).toBe('LISTEN_FAILED');
    await Promise.all([first, second, third].map((one) => one.close()));
  });

  it('is not possible any more after a close', async () => {
    const subject = transport('127.0.0.1:0');
    await subject.close();

    expect(await codeOf(subject.listen())).toBe('CLOSED');
  });

  it.each(['127.0.0.1', 'localhost'])('on %s leaves the port free when a close overtakes it', async (host) => {
    const first = transport(`${host}:0`);
    const { port } = await first.listen();
    await first.close();
    const subject = transport(`${host}:${port}`);

    const listening = codeOf(subject.listen());
    await subject.close();
    const code = await listening;
    const next = transport(`${host}:${port}`);

    expect(code).toBe('CLOSED');
    expect((await next.listen()).port).toBe(port);
    await next.close();
  });
});

describe('a peer beyond loopback', () => {
  it('is not dialled in plaintext without permission', async () => {
    const node = new TestNode('a');

    node.transport.setPeers([{ nodeId: 'b', address: '203.0.113.7:4000' }]);
    const { refused } = await node.until(() => node.refusals[0]);
    await node.transport.close();

    expect(refused.code).toBe('UNAUTHENTICATED');
  });
});

describe('an address', () => {
  it.each([
    ['127.0.0.1:80', { host: '127.0.0.1', port: 80 }],
    ['node-1.example.org:0', { host: 'node-1.example.org', port: 0 }],
    ['[::1]:65535', { host: '::1', port: 65_535 }],
  ])('%s is read, and written the same', (text, address) => {
    expect(parseAddress(text)).toEqual(address);
    expect(formatAddress(address)).toBe(text);
  });

  it.each([
    '',
    ':',
    'x',
    'x:',
    ':1',
    'x:-1',
    'x:65536',
    'x:1e3',
    '::1:80',
    '[::1]',
    '[x]:1',
    'a b:1',
    'http://x:1',
    'x:1/',
  ])('"%s" is refused with a text that says what is expected', (text) => {
    expect(() => parseAddress(text, 'listen')).toThrow(/^listen ".*" has .*; expected host:port or \[ipv6\]:port$/);
  });

  it('is loopback only if nothing sent there leaves the machine', () => {
    const loopback = ['127.0.0.1', '127.8.8.8', '::1', 'localhost', 'LOCALHOST', '::ffff:127.0.0.1'];
    const beyond = [
      '0.0.0.0',
      '::',
      '10.0.0.1',
      '128.0.0.1',
      'localhost.example.org',
      '127.0.0.1.example.org',
      'node1',
    ];

    expect([...loopback, ...beyond].filter(isLoopback)).toEqual(loopback);
  });
});

describe('closing', () => {
  it('lets what was sent before still leave', async () => {
    const [a, b] = [await new TestNode('a').start(), await new TestNode('b').start()];
    await linked(a, b);

    a.transport.send(b.member, [heartbeat(a, b, 1)]);
    await a.transport.close();
    await b.until(() => b.received.length > 0);
    await b.transport.close();

    expect(b.messages('heartbeat')).toHaveLength(1);
  });

  it('frees the port, ends within its grace whatever the others do, and may be asked for twice', async () => {
    const [a, b] = [await new TestNode('a').start(), await new TestNode('b').start()];
    await linked(a, b);

    await Promise.all([a.transport.close(), a.transport.close()]);
    const next = await new TestNode('a', { port: a.port }).start();
    await Promise.all([next.transport.close(), b.transport.close()]);

    expect(next.port).toBe(a.port);
  });

  it('sends nothing any more, and does not throw', async () => {
    const [a, b] = [await new TestNode('a').start(), await new TestNode('b').start()];
    await linked(a, b);
    await a.transport.close();

    a.transport.send(b.member, [heartbeat(a, b, 1)]);
    a.transport.setPeers([{ nodeId: 'b', address: b.address }]);
    await b.transport.close();

    expect(b.received).toEqual([]);
  });

  it('leaves nothing behind that keeps the process up', async () => {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (text) => {
      output += text;
    });

    const code = await new Promise((resolve) => child.on('exit', resolve));

    expect({ code, output }).toEqual({ code: 0, output: 'closed\n' });
  });
});

/** Links two nodes and a client, keeps a third peer that is never there, closes all and is done. Runs what was built. */
const program = `
  const { connectClient, GrpcTransport } = await import(${JSON.stringify(built('transport'))});
  const { systemClock: clock } = await import(${JSON.stringify(built('clock'))});
  const steps = [];
  const next = () => new Promise((resolve) => steps.push(resolve));
  const happened = () => steps.shift()?.();
  const client = { receive() {}, drained() {}, closed() {} };
  const open = async (nodeId) => {
    const hello = { clusterId: 'c', nodeId, incarnation: 'i', run: 1, boot: 'b', configIndex: 0, membersHash: '', address: '', genesis: [] };
    const handlers = { hello: () => hello, judge() {}, receive() {}, linkUp: happened, linkDown() {}, refused() {} };
    const clients = { accept: () => ({ hello: { clusterId: 'c', nodeId }, handlers: client }) };
    const transport = new GrpcTransport({ listen: '127.0.0.1:0', selfNodeId: nodeId, handlers, clients, clock, insecure: false });
    return { transport, address: '127.0.0.1:' + (await transport.listen()).port };
  };
  const [a, b] = [await open('a'), await open('b')];
  const peers = [{ nodeId: 'a', address: a.address }, { nodeId: 'b', address: b.address }, { nodeId: 'c', address: '127.0.0.1:1' }];
  const [first, second] = [next(), next()];
  a.transport.setPeers(peers);
  b.transport.setPeers(peers);
  await Promise.all([first, second]);
  const opened = next();
  connectClient({ endpoint: a.address, hello: { clusterId: undefined, label: '', requireLeader: true }, handlers: client, clock, insecure: false, opened: happened });
  await opened;
  await Promise.all([a.transport.close(), b.transport.close()]);
  console.log('closed');
`;

function built(floor: string): string {
  return new URL(`../../dist/src/${floor}/index.js`, import.meta.url).href;
}
