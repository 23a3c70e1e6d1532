import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ticking } from './guarded.ts';
import { Cli, run, Serving } from './serving.ts';
import { isAlive, until } from './waiting.ts';

let serving: Serving;
beforeAll(async () => {
  serving = await Serving.of(['a']);
});
afterAll(async () => {
  await serving[Symbol.asyncDispose]();
});

const environment = (): NodeJS.ProcessEnv => ({ HOLDFAST_ENDPOINTS: serving.endpoints.join(',') });

const elect = async (...args: readonly string[]) => await run(['elect', ...args], environment());

const electing = (...args: readonly string[]): Cli => new Cli(['elect', ...args], environment());

const lines = async (cli: Cli, count: number): Promise<readonly string[]> =>
  await until(`${count} lines`, () => cli.out.length >= count && cli.out.slice(0, count));

const ticks = (...words: readonly string[]): readonly string[] => {
  const { command, args } = ticking(...words);
  return ['--', command, ...args];
};

const pidsOf = (cli: Cli): readonly number[] => [
  ...new Set(cli.out.filter((line) => line.startsWith('{')).map((line): number => JSON.parse(line).pid)),
];

/** The process of the command in its how-manieth term. */
const processOf = async (cli: Cli, term = 1): Promise<number> =>
  await until('the command', () => pidsOf(cli)[term - 1]);

const lastTickOf = (cli: Cli, pid: number): number =>
  Math.max(...cli.out.map((line) => JSON.parse(line)).flatMap((tick) => (tick.pid === pid ? [tick.at ?? 0] : [])));

const firstTickOf = (cli: Cli): number => JSON.parse(cli.out[0] ?? '{}').at;

const tokenOf = async (name: string): Promise<number | undefined> =>
  JSON.parse((await run(['locks', name, '--json'], environment())).out).holders[0]?.token;

describe('holdfast elect', () => {
  it('gives its command the name, the value and a token, and ends with its code after one term', async () => {
    const script = 'echo "$HOLDFAST_LOCK_NAME $HOLDFAST_ELECTION_VALUE $HOLDFAST_LOCK_TOKEN"; exit 9';

    const first = await elect('one', '--value', 'here', '--once', '--json', '--', 'sh', '-c', script);

    expect(first.out).toMatch(/^one here \d+$/);
    expect(first.code).toBe(9);
    const [elected, ended, complaint] = first.complaint.split('\n');
    expect(JSON.parse(elected ?? '')).toMatchObject({ event: 'elected', name: 'one', value: 'here' });
    expect(JSON.parse(ended ?? '')).toMatchObject({ event: 'ended', exitCode: 9 });
    expect(complaint).toContain('the command ended with exit code 9');
  });

  it('campaigns again when its command has ended, and says what failed', async () => {
    const script = 'echo "$HOLDFAST_LOCK_TOKEN"; exit 3';
    await using cli = electing('again', '--retry-delay', '10ms', '--', 'sh', '-c', script);

    const tokens = (await lines(cli, 3)).map(Number);

    expect(tokens).toEqual([...new Set(tokens)].sort((a, b) => a - b));
    expect(cli.complaint).toContain('the command ended with exit code 3; it campaigns again');
  });

  it('passes a signal on, and nobody else leads before the command has ended', async () => {
    await using first = electing('drained', ...ticks());
    const pid = await processOf(first);
    await using second = electing('drained', ...ticks());
    await until('the other candidate', async () => {
      const { waiting } = JSON.parse((await run(['locks', 'drained', '--json'], environment())).out);
      return waiting === 1;
    });

    const code = await first.kill('SIGTERM');
    await processOf(second);

    expect(code).toBe(143);
    expect(isAlive(pid)).toBe(false);
    expect(lastTickOf(first, pid)).toBeLessThan(firstTickOf(second));
  });

  it('gives up campaigning at a signal, leaving no trace', async () => {
    await using leader = electing('waited', ...ticks());
    await processOf(leader);
    await using waiter = electing('waited', '--', 'true');
    const waiting = async (): Promise<number> =>
      JSON.parse((await run(['locks', 'waited', '--json'], environment())).out).waiting;
    await until('the waiter', async () => (await waiting()) === 1);

    expect(await waiter.kill('SIGINT')).toBe(130);

    expect([await waiting(), waiter.out]).toEqual([0, []]);
  });

  it('kills its command when the leadership is lost, campaigns again, and leads on', async () => {
    await using cli = electing('lost', '--ttl', '2s', '--retry-delay', '10ms', ...ticks('SIGTERM'));
    const pid = await processOf(cli);
    const token = await tokenOf('lost');
    cli.child.kill('SIGSTOP');
    await until('the loss', async () => (await tokenOf('lost')) === undefined);
    cli.child.kill('SIGCONT');

    const next = await processOf(cli, 2);

    expect([isAlive(pid), isAlive(next)]).toEqual([false, true]);
    expect(await tokenOf('lost')).toBeGreaterThan(token ?? Number.NaN);
    expect(cli.complaint).toContain('was lost; the command was killed');
  });

  it('ends with 76 after one term that was lost', async () => {
    await using cli = electing('lost/once', '--once', '--ttl', '2s', ...ticks('SIGTERM'));
    await processOf(cli);
    cli.child.kill('SIGSTOP');
    await until('the loss', async () => (await tokenOf('lost/once')) === undefined);
    cli.child.kill('SIGCONT');

    expect(await cli.end()).toBe(76);
  });

  it('shows who leads, as lines for people and for programs', async () => {
    await using people = electing('shown', '--observe');
    await using programs = electing('shown', '--observe', '--json');
    await Promise.all([lines(people, 1), lines(programs, 1)]);
    await using leader = electing('shown', '--value', '10.0.0.7:80', ...ticks());
    await processOf(leader);

    const [none, led] = (await lines(programs, 2)).map((line): unknown => JSON.parse(line));
    const [noneText, ledText] = await lines(people, 2);

    expect(none).toMatchObject({ leader: null, token: null });
    expect(led).toMatchObject({ leader: expect.any(String), node: null, value: '10.0.0.7:80' });
    expect(noneText).toMatch(/^\d+ {2}nobody leads$/);
    expect(ledText).toMatch(/^\d+ {2}\S+ {2}token \d+ {2}since \S+Z {2}"10\.0\.0\.7:80"$/);
    expect(await people.kill('SIGINT')).toBe('SIGINT');
  });

  it.each([
    ['no command', ['x'], 'expected a command after --, or --observe'],
    ['a command that is not to run', ['x', '--observe', '--', 'true'], '--observe runs no command'],
    ['a value that is too long', ['x', '--value', 'x'.repeat(1_025), '--', 'true'], 'at most 1024 bytes'],
    ['a delay that is none', ['x', '--retry-delay', '2h', '--', 'true'], 'retryDelay must be 1 to 3600000'],
    ['a grace that is too long', ['x', '--grace', '9s', '--', 'true'], '--grace: expected at most a third'],
    ['a name that is none', ['$x', '--', 'true'], 'name'],
  ])('is refused with 64: %s', async (_name, args, message) => {
    const { code, complaint } = await elect(...args);

    expect(complaint).toContain(message);
    expect(code).toBe(64);
  });

  it('ends with 69 when nobody is there', async () => {
    const args = ['elect', 'x', '--endpoints', '127.0.0.1:1', '--connect-timeout', '200ms', '--', 'true'];

    expect((await run(args)).code).toBe(69);
  });

  it('says 127 for a command that is not there', async () => {
    expect((await elect('absent', '--once', '--', '/nowhere/at-all')).code).toBe(127);
  });
});
