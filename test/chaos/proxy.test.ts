import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../e2e/waiting.ts';
import { Link } from './proxy.ts';
import { ProxyNetwork } from './proxy-network.ts';

/** A server that remembers what it got and can talk back. */
class Far {
  readonly #server: Server;
  readonly sockets: Socket[] = [];
  heard = '';

  constructor() {
    this.#server = createServer((socket) => {
      this.sockets.push(socket);
      socket.on('error', () => undefined);
      socket.on('data', (bytes) => {
        this.heard += bytes.toString();
      });
    });
  }

  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
    this.#server.close();
  }
}

/** A dialled connection that remembers what it got and how it ended. */
class Near {
  readonly socket: Socket;
  heard = '';
  error: string | undefined;

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('data', (bytes) => {
      this.heard += bytes.toString();
    });
    this.socket.on('error', (error) => {
      this.error = 'code' in error ? String(error.code) : error.message;
    });
  }
}

let far: Far;
let link: Link;
let dialled: Near[] = [];
beforeEach(async () => {
  far = new Far();
  link = await Link.to(await far.listen());
});
afterEach(async () => {
  for (const { socket } of dialled) socket.destroy();
  dialled = [];
  far.close();
  await link.close();
});

const dial = (): Near => {
  const near = new Near(link.port);
  dialled.push(near);
  return near;
};

/** A connection over which something has gone both ways. */
async function talking(): Promise<{ readonly near: Near; readonly back: Socket }> {
  const near = dial();
  near.socket.write('1');
  await until('the first byte', () => far.heard === '1');
  const [back] = far.sockets;
  if (back === undefined) throw new Error('nobody is there');
  back.write('a');
  await until('the first answer', () => near.heard === 'a');
  return { near, back };
}

describe('a link', () => {
  it('passes bytes and the end of a connection both ways', async () => {
    const { near, back } = await talking();

    near.socket.end();
    await once(back, 'close');

    expect(near.error).toBeUndefined();
    expect(link.harm).toBe(0);
  });

  it('that holds one direction lets the other through, and delivers late', async () => {
    const { near, back } = await talking();

    link.hold('up');
    near.socket.write('2');
    back.write('b');
    await until('the answer', () => near.heard === 'ab');
    await until('the harm', () => link.harm === 1);
    expect(far.heard).toBe('1');
    link.hold('up', false);

    await until('the late byte', () => far.heard === '12');
  });

  it('that holds answers keeps them until it is healed, in order', async () => {
    const { near, back } = await talking();

    link.hold('down');
    back.write('b');
    back.write('c');
    near.socket.write('2');
    await until('the question', () => far.heard === '12');
    await until('the harm', () => link.harm === 2);
    expect(near.heard).toBe('a');
    link.heal();

    await until('the late answers', () => near.heard === 'abc');
  });

  it('that holds tells nobody of a connection that was given up, until it is healed', async () => {
    const { near, back } = await talking();

    link.hold('up');
    near.socket.destroy();
    await until('its end', () => near.socket.closed);
    back.write('b');
    expect(back.destroyed).toBe(false);
    link.heal();

    await once(back, 'close');
  });

  it('delays what passes', async () => {
    const { near } = await talking();

    link.delay(100);
    const startedAt = performance.now();
    near.socket.write('2');
    await until('the byte', () => far.heard === '12');

    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(95);
    expect(link.harm).toBe(1);
  });

  it('that resets breaks what is there and lets new connections through', async () => {
    const { near } = await talking();

    link.reset();
    await until('its end', () => near.socket.closed);
    dial().socket.write('2');

    await until('the new connection', () => far.heard === '12');
    expect(near.error).toBe('ECONNRESET');
  });

  it('that refuses breaks new connections, too, until it is healed', async () => {
    await talking();

    link.refuse();
    const refused = dial();
    await until('its end', () => refused.socket.closed);
    expect(far.sockets).toHaveLength(1);
    link.heal();
    dial().socket.write('2');

    await until('the new connection', () => far.heard === '12');
    expect(link.harm).toBe(2);
  });

  it('breaks the connection when nobody listens behind it', async () => {
    far.close();

    const near = dial();
    await until('its end', () => near.socket.closed);

    expect(near.error).toBe('ECONNRESET');
  });
});

describe('a network of proxies', () => {
  it('cut from one to another holds what the one sends, whoever dialled, and nothing else', async () => {
    const other = new Far();
    const port = await other.listen();
    const network = await ProxyNetwork.of({ a: link.port, b: port }, ['c']);
    const nears = ['a', 'c'].map((from) => new Near(network.berthOf(from).detours[`127.0.0.1:${port}`] ?? 0));
    dialled.push(...nears);

    await network.cut('a', ['b']);
    for (const [at, { socket }] of nears.entries()) socket.write(`${at}`);

    await until('the byte of c', () => other.heard === '1');
    await until('the harm', async () => (await network.harm()) === 1);
    await network.heal();
    await until('the byte of a', () => other.heard === '10');
    other.close();
    await network.close();
  });
});
