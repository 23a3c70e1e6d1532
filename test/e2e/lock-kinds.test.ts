import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { processOf, tickingArgs } from './locking.ts';
import { Cli, run, Serving } from './serving.ts';
import { isAlive } from './waiting.ts';

let serving: Serving;
beforeAll(async () => {
  serving = await Serving.of(['a']);
});
afterAll(async () => {
  await serving[Symbol.asyncDispose]();
});

const environment = (): NodeJS.ProcessEnv => ({ HOLDFAST_ENDPOINTS: serving.endpoints.join(',') });

const lock = async (...args: readonly string[]) => await run(['lock', ...args], environment());

const locking = (...args: readonly string[]): Cli => new Cli(['lock', ...args], environment());

/** Prints what the command finds in its environment. */
const telling = [
  '--',
  process.execPath,
  '-e',
  'const { HOLDFAST_LOCK_NAME: name, HOLDFAST_LOCK_TOKEN: token, HOLDFAST_LOCKS: locks } = process.env;' +
    'console.log(JSON.stringify({ name, token: Number(token), locks: JSON.parse(locks) }));',
];

const inspected = async (name: string) => JSON.parse((await run(['locks', name, '--json'], environment())).out);

describe('holdfast lock, of other kinds', () => {
  it('shares a lock with readers, and with --write shuts them out', async () => {
    await using reader = locking('ledger', '--shared', ...tickingArgs());
    await processOf(reader);

    const beside = await lock('ledger', '--shared', '--timeout', '0', '--', 'true');
    const write = await lock('ledger', '--write', '--timeout', '0', '--', 'true');
    await reader.kill('SIGINT');
    await using writer = locking('ledger', '--write', ...tickingArgs());
    await processOf(writer);
    const shutOut = await lock('ledger', '--shared', '--timeout', '0', '--', 'true');

    expect([beside.code, write.code, shutOut.code]).toEqual([0, 75, 75]);
  });

  it('gives out as many permits of a semaphore as there are', async () => {
    await using two = locking('slots', '--semaphore', '3', '--permits', '2', ...tickingArgs());
    await processOf(two);

    const third = await lock('slots', '--semaphore', '3', '--timeout', '0', '--', 'true');
    const fourth = await lock('slots', '--semaphore', '3', '--permits', '2', '--timeout', '0', '--', 'true');

    expect(await inspected('slots')).toMatchObject({ kind: 'semaphore', limit: 3, holders: [{ permits: 2 }] });
    expect([third.code, fourth.code]).toEqual([0, 75]);
  });

  it('refuses a name that is in use as another kind, or with another limit, with 64', async () => {
    await using holder = locking('kept', '--semaphore', '3', ...tickingArgs());
    await processOf(holder);

    const plain = await lock('kept', '--', 'true');
    const other = await lock('kept', '--semaphore', '4', '--', 'true');

    expect([plain.code, other.code]).toEqual([64, 64]);
    expect(plain.complaint).toContain('semaphore');
    expect(other.complaint).toContain('3');
  });

  it('holds for an owner, and says 75 at once when that one would wait for itself', async () => {
    await using holder = locking('own', '--owner', 'order/42', ...tickingArgs());
    await processOf(holder);

    const again = await lock('own', '--owner', 'order/42', '--', 'echo', 'mine');

    expect((await inspected('own')).holders).toMatchObject([{ owner: 'order/42' }]);
    expect(again).toMatchObject({ code: 75, out: '' });
    expect(again.complaint).toContain('order/42');
  });
});

describe('holdfast lock with several names', () => {
  it('holds all of them, tells the command each name and token, and releases all', async () => {
    const { code, out, complaint } = await lock('b', 'a', '--json', ...telling);

    const told = JSON.parse(out);
    const [acquired, released] = complaint.split('\n').map((line) => JSON.parse(line));
    expect(code).toBe(0);
    expect(told).toEqual({
      name: 'b',
      token: told.locks[0].token,
      locks: ['b', 'a'].map((name) => ({ name, token: expect.any(Number) })),
    });
    expect([acquired.event, released.event]).toEqual(['acquired', 'released']);
    expect([acquired.locks, released.locks]).toEqual([told.locks, told.locks]);
    expect((await lock('a', 'b', '--timeout', '0', '--', 'true')).code).toBe(0);
  });

  it('holds none while one of them is held by another, and never starts the command', async () => {
    await using holder = locking('taken', ...tickingArgs());
    await processOf(holder);

    const late = await lock('spare', 'taken', '--timeout', '100ms', '--', 'echo', 'mine');
    const spare = await lock('spare', '--timeout', '0', '--', 'true');

    expect(late).toMatchObject({ code: 75, out: '' });
    expect(spare.code).toBe(0);
  });

  it('takes the dashes of the command for its own, and a name given twice for one', async () => {
    const { code, out } = await lock('same', 'same', '--', 'sh', '-c', 'echo "$HOLDFAST_LOCKS $1"', 'sh', '--');

    expect(code).toBe(0);
    expect(out).toMatch(/^\[\{"name":"same","token":\d+\}\] --$/);
  });

  it('takes the first word for the name when there are no dashes, as it always did', async () => {
    expect(await lock('x', 'echo', 'y')).toMatchObject({ code: 0, out: 'y' });
  });

  it('kills the command, with 76, when their session is lost', async () => {
    await using other = await Serving.of(['a']);
    const args = ['lock', 'x', 'y', '--ttl', '2s', '--endpoints', other.addressOf('a'), ...tickingArgs('SIGTERM')];
    await using holder = new Cli(args);
    const pid = await processOf(holder);

    await other.node('a').kill();

    expect(await holder.end()).toBe(76);
    expect(isAlive(pid)).toBe(false);
    expect(holder.complaint).toMatch(/^holdfast: one of the locks "x" \(token \d+\), "y" \(token \d+\) was lost while/);
  });
});
