import { type ChildProcess, spawn } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../e2e/waiting.ts';
import { missingForNamespaces } from './missing.ts';
import { NamespaceNetwork } from './namespace-network.ts';

/** Listens, and prints what it hears. */
const listen = `require('node:net').createServer((socket) => {
  socket.on('error', () => undefined);
  socket.on('data', (bytes) => process.stdout.write(bytes));
  setInterval(() => socket.write('!'), 50);
}).listen(7400, process.argv[1], () => process.stdout.write('up '));`;

/** Dials, says something every now and then, and prints what it hears, or how it ended. */
const dial = `const socket = require('node:net').connect(7400, process.argv[1]);
socket.on('data', (bytes) => process.stdout.write(bytes));
socket.on('error', ({ code }) => process.stdout.write(code));
const timer = setInterval(() => socket.write('?'), 50);
socket.on('close', () => clearInterval(timer));`;

const canTry = (await missingForNamespaces()).length === 0;

describe.skipIf(!canTry)('a network of namespaces', () => {
  let network: NamespaceNetwork;
  let children: ChildProcess[] = [];
  beforeEach(async () => {
    network = await NamespaceNetwork.of(['a', 'b'], ['c']);
  });
  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL');
    children = [];
    await network.close();
  });

  /** A program at the place of `name`; tells what it has printed so far. */
  function run(name: string, program: string, at: string): () => string {
    const [host = ''] = (network.members[at] ?? '').split(':');
    const [ip = '', ...words] = [...network.berthOf(name).before, process.execPath, '-e', program, host];
    const child = spawn(ip, words, { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    let printed = '';
    child.stdout.on('data', (bytes) => {
      printed += String(bytes);
    });
    return () => printed;
  }

  async function conversation(): Promise<{ readonly heardByB: () => string; readonly heardByC: () => string }> {
    const heardByB = run('b', listen, 'b');
    await until('b listens', () => heardByB().startsWith('up'));
    const heardByC = run('c', dial, 'b');
    await until('both talk', () => heardByB().includes('?') && heardByC().includes('!'));
    return { heardByB, heardByC };
  }

  /** Silence has no event to wait for: it is what does not come in the time of eight words. */
  const growth = async (heard: () => string): Promise<number> => {
    // What was under way when the rules came is not theirs.
    await new Promise((resolve) => setTimeout(resolve, 100));
    const before = heard().length;
    await new Promise((resolve) => setTimeout(resolve, 400));
    return heard().length - before;
  };

  it('cut one way is silent that way, talks the other, and counts its harm', async () => {
    const { heardByB, heardByC } = await conversation();
    const before = await network.harm();

    await network.cut('b', ['c']);

    expect(await growth(heardByC)).toBe(0);
    await until('b goes on hearing', async () => (await growth(heardByB)) > 0);
    expect(await network.harm()).toBeGreaterThan(before);
    await network.heal();
    await until('c hears again', async () => (await growth(heardByC)) > 0);
  });

  it('parted is silent both ways', async () => {
    const { heardByB, heardByC } = await conversation();

    await network.part(['b'], ['a', 'c']);

    expect(await growth(heardByC)).toBe(0);
    expect(await growth(heardByB)).toBe(0);
  });

  it('refuses by RST what there is and what is new, on the ways that are meant only', async () => {
    const { heardByC } = await conversation();
    const heardByA = run('a', dial, 'b');
    await until('a is heard, too', () => heardByA().includes('!'));

    await network.refuse([{ from: 'c', to: 'b' }]);
    await until('the end of what there was', () => heardByC().endsWith('ECONNRESET'));
    const refused = run('c', dial, 'b');
    await until('the refusal', () => refused() === 'ECONNREFUSED');

    await until('a goes on hearing', async () => (await growth(heardByA)) > 0);
    expect(heardByA()).not.toContain('ECONN');
  });
});
