import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { freePorts } from '../../src/cli/demo/free-ports.ts';
import { Cli, run, Serving } from './serving.ts';
import { until } from './waiting.ts';

/** Sends bytes and waits until the other side has had enough of us, or we of it. */
async function throwAt(address: string, bytes: Uint8Array): Promise<void> {
  const port = Number(address.split(':').at(-1));
  await new Promise<void>((resolve) => {
    const socket = connect(port, '127.0.0.1');
    // A reset is an answer too; `close` follows.
    socket.on('error', () => undefined);
    socket.on('data', () => undefined);
    socket.on('close', () => resolve());
    socket.setTimeout(300, () => socket.destroy());
    socket.write(bytes);
  });
}

const garbage: readonly (readonly [string, Uint8Array])[] = [
  ['nothing but zeroes', new Uint8Array(100_000)],
  ['noise', Uint8Array.from({ length: 100_000 }, (_, at) => (at * 7_919) % 251)],
  ['a question for a web server', Buffer.from('GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n')],
  ['an endless head', Buffer.from(`GET / HTTP/1.1\r\nX: ${'x'.repeat(1_000_000)}`)],
  ['the preface of HTTP/2 and noise', Buffer.from(`PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${'~'.repeat(10_000)}`)],
];

describe('a serving node', () => {
  it('lives through garbage on both of its ports', async () => {
    const [health = 0] = await freePorts(1);
    await using serving = await Serving.of(['a'], ['--health-listen', `127.0.0.1:${health}`]);

    await Promise.all(
      garbage.flatMap(([, bytes]) =>
        [serving.addressOf('a'), `127.0.0.1:${health}`].map((address) => throwAt(address, bytes)),
      ),
    );

    await using client = await serving.connect();
    expect((await client.acquireLock('after')).isHeld).toBe(true);
    expect((await run(['health', '--address', `127.0.0.1:${health}`])).code).toBe(0);
    expect((await run(['health', '--live', '--address', `127.0.0.1:${health}`])).code).toBe(0);
    expect((await run(['health', '--address', serving.addressOf('a')])).code).toBe(69);
  });

  it('says 69 when its port is taken, and leaves the other node alone', async () => {
    await using serving = await Serving.of(['a']);
    const args = ['serve', '--listen', serving.addressOf('a'), '--data-dir', serving.dataDir('other')];

    const second = await run([...args, '--health-listen', 'off']);

    expect(second.complaint).toContain(serving.addressOf('a'));
    expect(second.code).toBe(69);
    expect((await serving.status('a'))?.role).toBe('leader');
  });

  it.each([
    ['plaintext beyond loopback', ['--listen', '0.0.0.0:0'], /insecure/],
    ['an election timeout that is no five heartbeats', ['--election-timeout', '200ms'], /electionTimeout/],
    ['fewer kept events than a page needs', ['--kept-events', '10'], /keptEvents/],
    ['a node that is no member', ['--node-id', 'x', '--members', 'a=h:1'], /members/],
    ['a node id that is none', ['--node-id', 'a/b'], /nodeId/],
    ['two members on one address', ['--node-id', 'a', '--members', 'a=127.0.0.1:1,b=127.0.0.1:1'], /127\.0\.0\.1:1/],
  ])('is not started with %s: 64', async (_name, args, complaint) => {
    const { code, complaint: said, out } = await run(['serve', '--data-dir', '/nowhere/at-all', ...args]);

    expect(said).toMatch(complaint);
    expect(code).toBe(64);
    expect(`${said}${out}`).not.toMatch(/ starts|\n +at /);
  });

  it('says with --json on one stream only why it does not start', async () => {
    const { code, complaint, out } = await run(['serve', '--json', '--data-dir', '/nowhere', '--node-id', 'a/b']);

    expect({ code, complaint }).toEqual({ code: 64, complaint: '' });
    expect(JSON.parse(out)).toMatchObject({ level: 'fatal', reason: expect.stringContaining('nodeId') });
  });

  it('outlives the reader of its log lines', async () => {
    await using serving = await Serving.of(['a'], ['--log-level', 'debug']);
    const { child } = serving.node('a');
    child.stdout?.destroy();

    // Each session that is opened or ended is worth a line.
    for (let turn = 0; turn < 5; turn += 1) {
      await using client = await serving.connect();
      await (await client.acquireLock('x')).release();
    }

    expect(child.exitCode).toBeNull();
    expect(await serving.node('a').kill('SIGTERM')).toBe(0);
  });

  it('ends at once, and well, at a signal while it still looks for the others', async () => {
    await using serving = await Serving.of(['a']);
    const [own = 0, other = 0] = await freePorts(2);
    const members = `b=127.0.0.1:${own},c=127.0.0.1:${other}`;
    const flags = ['--node-id', 'b', '--members', members, '--listen', `127.0.0.1:${own}`, '--health-listen', 'off'];
    await using lonely = new Cli(['serve', ...flags, '--data-dir', serving.dataDir('b')]);
    await until('its first line', () => lonely.out.length > 0);

    expect(await lonely.kill('SIGTERM')).toBe(0);
  });
});
