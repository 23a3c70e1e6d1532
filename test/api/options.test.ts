import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ConnectOptions, Holdfast, type HoldfastOptions } from '../../src/index.ts';
import { quick, temporaryDirectory } from './cluster.ts';

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
beforeAll(async () => {
  directory = await temporaryDirectory();
});
afterAll(() => directory[Symbol.asyncDispose]());

const members = { a: '127.0.0.1:7401', b: '127.0.0.1:7402', c: '127.0.0.1:7403' };

/** As somebody without types would write it. */
const openWith = (options: object): Promise<unknown> => Reflect.apply(Holdfast.open, Holdfast, [options]);
const connectWith = (options: object): Promise<unknown> => Reflect.apply(Holdfast.connect, Holdfast, [options]);

const good = (): HoldfastOptions => ({ dataDir: join(directory.path, 'never-made') });

describe('the options of a node', () => {
  it.each([
    ['an unknown one', { sesionTtl: 5_000 }, /unknown option "sesionTtl"/],
    ['an unknown limit', { limits: { names: 3 } }, /unknown option "limits.names"/],
    ['no data directory', { dataDir: undefined }, /dataDir/],
    ['an empty data directory', { dataDir: '' }, /dataDir/],
    ['a journal without a name', { journal: '' }, /^journal must name a file, got ""$/],
    ['a node id with a slash', { nodeId: 'a/b' }, /nodeId/],
    ['a number as text', { sessionTtl: '10000' }, /^sessionTtl must be a number, got "10000"$/],
    ['a text that is none', { dataDir: 7 }, /^dataDir must be a string, got 7$/],
    ['a switch that is none', { insecure: 'yes' }, /^insecure must be true or false, got "yes"$/],
    ['an address without a port', { listen: '127.0.0.1' }, /listen "127.0.0.1" has no port/],
    ['a port above 65535', { listen: '127.0.0.1:65536' }, /no port between 0 and 65535/],
    ['an address beyond loopback', { listen: '10.0.0.1:7400' }, /plaintext beyond loopback/],
    ['an empty list of members', { members: {} }, /members must not be empty/],
    ['members without this node', { nodeId: 'x', listen: '127.0.0.1:7400', members }, /"x", is not among a, b, c/],
    ['a member without a port', { nodeId: 'a', listen: '127.0.0.1:7401', members: { a: 'here' } }, /members\.a/],
    [
      'two members with one address',
      { nodeId: 'a', listen: '127.0.0.1:7401', members: { ...members, b: members.a } },
      /a and b have the same address/,
    ],
    ['members without an address to listen on', { nodeId: 'a', members }, /listen is needed/],
    ['port 0 among several members', { nodeId: 'a', listen: '127.0.0.1:0', members }, /port 0/],
    ['a logger that is none', { logger: { info: () => undefined } }, /logger/],
  ])('with %s are refused by a TypeError that says so', async (_, wrong, message) => {
    const refused = { name: 'TypeError', code: 'INVALID_ARGUMENT', message: expect.stringMatching(message) };

    await expect(openWith({ ...good(), ...wrong })).rejects.toMatchObject(refused);
  });

  it.each([
    ['sessionTtl', 999],
    ['sessionTtl', 3_600_001],
    ['heartbeatInterval', 9],
    ['electionTimeout', 499],
    ['readyTimeout', 0],
    ['closeTimeout', -1],
  ])('with a %s of %d are refused by a RangeError', async (option, value) => {
    const bound = new RegExp(
      `^${option} must be at (least|most) \\d+, got ${value}$|^electionTimeout \\(499\\) must be`,
    );
    const refused = { name: 'RangeError', message: expect.stringMatching(bound) };

    await expect(openWith({ ...good(), [option]: value })).rejects.toMatchObject(refused);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 1.5])('refuse %d as a time', async (value) => {
    await expect(openWith({ ...good(), sessionTtl: value })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('that are no object are refused', async () => {
    const refused = { name: 'TypeError', message: 'options must be an object, got undefined' };
    await expect(Reflect.apply(Holdfast.open, Holdfast, [undefined])).rejects.toMatchObject(refused);
  });
});

describe('the options of a client', () => {
  it.each([
    ['no endpoints', { endpoints: [] }, /endpoints/],
    ['an endpoint twice', { endpoints: ['127.0.0.1:1', '127.0.0.1:1'] }, /stands there twice/],
    ['an endpoint that is none', { endpoints: ['nowhere'] }, /has no port/],
    ['an endpoint beyond loopback', { endpoints: ['10.0.0.1:7400'] }, /plaintext beyond loopback/],
    ['a label with a line break', { endpoints: ['127.0.0.1:1'], label: 'a\nb' }, /label/],
    ['an unknown one', { endpoints: ['127.0.0.1:1'], nodeId: 'a' }, /unknown option "nodeId"/],
  ])('with %s are refused by a TypeError that says so', async (_, wrong, message) => {
    const refused = { name: 'TypeError', code: 'INVALID_ARGUMENT', message: expect.stringMatching(message) };

    await expect(connectWith(wrong satisfies ConnectOptions | object)).rejects.toMatchObject(refused);
  });

  it('with an endpoint of port 0 are refused by a RangeError that says so', async () => {
    const refused = { name: 'RangeError', code: 'INVALID_ARGUMENT', message: expect.stringContaining('port 0') };

    await expect(connectWith({ endpoints: ['127.0.0.1:0'], readyTimeout: 100 })).rejects.toMatchObject(refused);
  });
});

describe('a node alone', () => {
  it('needs nothing but a data directory', async () => {
    const node = await Holdfast.open({ dataDir: join(directory.path, 'alone') });

    const handle = await node.acquireLock('x');

    expect(node.status()).toMatchObject({ nodeId: 'node', role: 'leader', leader: 'node' });
    expect(handle.fencingToken).toBe(1);
    await node.close();
  });

  it('goes on from its data, with tokens above the last one', async () => {
    const dataDir = join(directory.path, 'again');
    const first = await Holdfast.open({ ...quick, dataDir });
    const held = await first.acquireLock('x');
    await first.close();

    const second = await Holdfast.open({ ...quick, dataDir });
    const next = await second.acquireLock('x', { timeout: 5_000 });

    expect(next.fencingToken).toBeGreaterThan(held.fencingToken);
    await second.close();
  });

  it('refuses a data directory that is open already', async () => {
    const dataDir = join(directory.path, 'shared');
    const first = await Holdfast.open({ ...quick, dataDir });

    await expect(Holdfast.open({ ...quick, dataDir })).rejects.toMatchObject({ code: 'DATA_DIR_IN_USE' });

    expect((await first.acquireLock('x')).isHeld).toBe(true);
    await expect(Reflect.apply(first.replace, first, [5])).rejects.toBeInstanceOf(TypeError);
    await first.close();
    expect(first.status()).toMatchObject({ role: 'stopped', leader: undefined });
  });

  it('refuses a data directory of another node', async () => {
    const dataDir = join(directory.path, 'mine');
    const first = await Holdfast.open({ ...quick, dataDir, nodeId: 'me' });
    await first.close();

    await expect(Holdfast.open({ ...quick, dataDir, nodeId: 'you' })).rejects.toMatchObject({
      message: expect.stringContaining('me'),
    });
  });

  it('says so when its port is taken, and leaves the data directory free', async () => {
    const squatter = createServer();
    const port = await new Promise<number>((resolve) => {
      squatter.listen({ host: '127.0.0.1', port: 0 }, () => {
        const address = squatter.address();
        resolve(address !== null && typeof address === 'object' ? address.port : 0);
      });
    });
    const dataDir = join(directory.path, 'port');

    const opening = Holdfast.open({ ...quick, dataDir, listen: `127.0.0.1:${port}` });

    await expect(opening).rejects.toMatchObject({ code: 'CONNECTION', message: expect.stringContaining(`${port}`) });
    await new Promise((resolve) => squatter.close(resolve));
    const node = await Holdfast.open({ ...quick, dataDir, listen: `127.0.0.1:${port}` });
    await node.close();
  });
});
