import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lastTickOf, processOf, tickingArgs } from './locking.ts';
import { Cli, run, Serving } from './serving.ts';
import { isAlive, monotonicNow, until } from './waiting.ts';

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

/** Says when it began, and with what token. */
const entering =
  'const { HOLDFAST_LOCK_TOKEN: token } = process.env;' +
  'console.log(JSON.stringify({ at: Number(process.hrtime.bigint()) / 1e6, token: Number(token) }));';

describe('holdfast lock', () => {
  it('gives its command the name, a rising token and a deadline ahead, and ends with its code', async () => {
    const script = 'echo "$HOLDFAST_LOCK_NAME $HOLDFAST_LOCK_TOKEN $HOLDFAST_LOCK_DEADLINE_MS"; exit 9';

    const first = await lock('jobs/nightly', '--', 'sh', '-c', script);
    const second = await lock('jobs/nightly', '--ttl', '20s', '--', 'sh', '-c', script);

    expect([first.code, second.code]).toEqual([9, 9]);
    const [name, token, deadline] = first.out.split(' ');
    expect(name).toBe('jobs/nightly');
    expect(Number(second.out.split(' ')[1])).toBeGreaterThan(Number(token));
    expect(Number(second.out.split(' ')[2]) - Number(deadline)).toBeGreaterThan(8_000);
  });

  it('tells as JSON lines what happens to the lock, if asked', async () => {
    const { code, complaint } = await lock('told', '--json', '--', 'true');

    const [acquired, released, ...more] = complaint.split('\n').map((line): unknown => JSON.parse(line));
    const one = { name: 'told', token: expect.any(Number) };
    const which = { ...one, locks: [one] };
    expect(acquired).toEqual({ event: 'acquired', ...which, deadlineMs: expect.any(Number) });
    expect(released).toEqual({ event: 'released', ...which });
    expect({ code, more }).toEqual({ code: 0, more: [] });
  });

  it('releases when the command ends, so that the next one need not wait for the TTL', async () => {
    await lock('brief', '--ttl', '60s', '--', 'true');

    const next = await lock('brief', '--timeout', '10s', '--', 'true');

    expect(next.code).toBe(0);
  });

  it('ends with 75 when the lock is not free in time, and never starts the command', async () => {
    await using holder = locking('busy', ...tickingArgs());
    await processOf(holder);

    const late = await lock('busy', '--timeout', '100ms', '--', 'echo', 'mine');

    expect(late).toMatchObject({ code: 75, out: '' });
    expect(late.complaint).toContain('"busy" was not acquired in time');
  });

  it('passes SIGINT on and ends as the command does', async () => {
    await using holder = locking('stoppable', ...tickingArgs());
    await processOf(holder);

    expect(await holder.kill('SIGINT')).toBe(130);
    expect((await lock('stoppable', '--timeout', '0', '--', 'true')).code).toBe(0);
  });

  it('gives up waiting at a signal, leaving no trace in the queue', async () => {
    await using holder = locking('queued', ...tickingArgs());
    await processOf(holder);
    await using waiter = locking('queued', '--', 'true');
    const waiting = async () =>
      JSON.parse((await run(['locks', 'queued', '--json'], environment())).out).waiting as number;
    await until('the waiter', async () => (await waiting()) === 1);

    expect(await waiter.kill('SIGTERM')).toBe(143);

    expect(await waiting()).toBe(0);
  });

  it('says 127 for a command that is not there, and 126 for one that cannot run', async () => {
    expect((await lock('x', '--', '/nowhere/at-all')).code).toBe(127);
    expect((await lock('x', '--', '/etc/passwd')).code).toBe(126);
  });

  it.each([
    ['no command', ['lock', 'x'], "missing required argument 'command'"],
    ['an unknown flag', ['lock', 'x', '--tll', '5s', '--', 'true'], "unknown option '--tll'"],
    ['an unknown command', ['locck'], "unknown command 'locck'"],
    ['a timeout without a unit', ['lock', 'x', '--timeout', '5', '--', 'true'], '--timeout: expected a duration'],
    [
      'a TTL out of bounds',
      ['lock', 'x', '--ttl', '10ms', '--', 'true'],
      '--ttl (in ms) must be at least 1000, got 10',
    ],
    ['no name before the dashes', ['lock', '--', 'true', 'x'], 'expected the name of a lock before --'],
    ['two kinds at once', ['lock', 'x', '--shared', '--write', '--', 'true'], "cannot be used with option '--shared'"],
    [
      'a semaphore that is shared',
      ['lock', 'x', '--semaphore', '2', '--shared', '--', 'true'],
      "'--semaphore <count>'",
    ],
    ['a semaphore without permits', ['lock', 'x', '--semaphore', '0', '--', 'true'], '--semaphore: expected a whole'],
    ['no permits', ['lock', 'x', '--semaphore', '2', '--permits', '0', '--', 'true'], '--permits: expected a whole'],
    ['too many permits', ['lock', 'x', '--semaphore', '2', '--permits', '3', '--', 'true'], 'permits must be a whole'],
    ['permits of no semaphore', ['lock', 'x', '--permits', '2', '--', 'true'], '--permits: expected --semaphore'],
    ['too many permits of a name given twice', ['lock', 'x', 'x', '--semaphore', '1', '--', 'true'], 'permits must be'],
    ['an owner that is none', ['lock', 'x', '--owner', '', '--', 'true'], 'an owner must be'],
    ['one wrong name of several', ['lock', 'x', '$system', '--', 'true'], 'name'],
    ['a name that is none', ['lock', '$system', '--', 'true'], 'name'],
    ['an endpoint that is none', ['status', '--endpoints', 'nowhere'], '--endpoints: expected host:port'],
    ['plaintext beyond loopback', ['status', '--endpoints', '192.0.2.1:7400'], 'insecure'],
    ['a wipe without a yes', ['wipe', '/nowhere'], 'say --yes'],
  ])('is refused with 64: %s', async (_name, args, message) => {
    const { code, complaint } = await run(args, environment());

    expect(complaint).toContain(message);
    expect(code).toBe(64);
  });

  it('says 73 for a wipe where no node ever was', async () => {
    const { code, complaint } = await run(['wipe', '/nowhere/at-all', '--yes']);

    expect(complaint).toContain('/nowhere/at-all holds no data of a node');
    expect(code).toBe(73);
  });

  it('says 69 when nobody is there', async () => {
    const args = ['lock', 'x', '--endpoints', '127.0.0.1:1', '--connect-timeout', '300ms', '--', 'true'];

    const { code, complaint } = await run(args);

    expect(code).toBe(69);
    expect(complaint).toContain('127.0.0.1:1');
  });
});

describe('the command of a holdfast lock that is killed', () => {
  it('is dead before another one gets the lock, which has a higher token', async () => {
    await using holder = locking('fragile', '--ttl', '2s', ...tickingArgs('SIGTERM'));
    const pid = await processOf(holder);
    await using client = await serving.connect();
    const [held] = (await client.inspect('fragile')).holders;
    await using next = locking('fragile', '--', process.execPath, '-e', entering);

    holder.child.kill('SIGKILL');
    expect(await next.end()).toBe(0);

    const entered = JSON.parse(next.out.join(''));
    expect(isAlive(pid)).toBe(false);
    expect(lastTickOf(holder)).toBeLessThan(entered.at);
    expect(entered.token).toBeGreaterThan(held?.token ?? Number.NaN);
  });

  it('is dead too when it is only stopped, and holdfast says 76 when it goes on', async () => {
    await using holder = locking('frozen', '--ttl', '2s', ...tickingArgs('SIGTERM'));
    const pid = await processOf(holder);
    holder.child.kill('SIGSTOP');
    await using next = locking('frozen', '--', process.execPath, '-e', entering);

    expect(await next.end()).toBe(0);
    holder.child.kill('SIGCONT');

    expect(isAlive(pid)).toBe(false);
    expect(await holder.end()).toBe(76);
    expect(lastTickOf(holder)).toBeLessThan(JSON.parse(next.out.join('')).at);
    expect(holder.complaint).toContain('was lost while the command ran');
  });
});

describe('a cluster that is gone', () => {
  it('ends the command in time, with 76', async () => {
    await using other = await Serving.of(['a']);
    const args = ['lock', 'x', '--ttl', '2s', '--endpoints', other.addressOf('a'), ...tickingArgs('SIGTERM')];
    await using holder = new Cli(args);
    await processOf(holder);

    const goneAt = monotonicNow();
    await other.node('a').kill();

    expect(await holder.end()).toBe(76);
    expect(holder.errors).toEqual([expect.stringContaining('was lost while the command ran; it was killed')]);
    // The last heartbeat that was acknowledged was sent before the kill.
    expect(lastTickOf(holder)).toBeLessThan(goneAt + 2_000);
  });
});
