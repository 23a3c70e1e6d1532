import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { Guarded, ticking } from './guarded.ts';
import { isAlive, until } from './waiting.ts';

/** The guardian is the parent of the command. */
const parentOf = (pid: number): number =>
  Number(execFileSync('ps', ['-o', 'ppid=', '-p', String(pid)], { encoding: 'utf8' }).trim());

const longMs = 60_000;

describe('a guarded command', () => {
  it('gets its arguments, its environment and no pipe of ours, and its exit code is passed on', async () => {
    const script = 'echo "$1 $HELD"; [ -e /proc/$$/fd/3 -o -e /proc/$$/fd/4 ] && echo leaked || echo closed; exit 7';
    const environment = { ...process.env, HELD: 'yes' };
    await using guarded = new Guarded({
      command: 'sh',
      args: ['-c', script, 'sh', 'a  b'],
      heldMs: longMs,
      environment,
    });

    const end = await guarded.ended();

    expect(end).toEqual({ kind: 'exited', code: 7, cause: 'itself' });
    expect(guarded.lines).toEqual(['a  b yes', 'closed']);
  });

  it('that dies of a signal is reported with it', async () => {
    await using guarded = new Guarded({ command: 'sh', args: ['-c', 'kill -QUIT $$'], heldMs: longMs });

    const end = await guarded.ended();

    expect(end).toEqual({ kind: 'exited', signal: 'SIGQUIT', cause: 'itself' });
  });

  it('that does not exist is reported with the system code', async () => {
    await using guarded = new Guarded({ command: '/nowhere/at-all', args: [], heldMs: longMs });

    const end = await guarded.ended();

    expect(end).toMatchObject({ kind: 'failed', code: 'ENOENT' });
  });

  it('gets the signals that its parent forwards', async () => {
    await using guarded = new Guarded({ ...ticking('SIGINT', 'SIGTERM'), heldMs: longMs });
    await guarded.pids();

    const gotten = (): readonly string[] => guarded.ticks.flatMap(({ got }) => got ?? []);

    await guarded.tell({ kind: 'forward', signal: 'SIGINT' });
    // Of two signals that wait for a process at once, either may come first.
    await until('the first signal', () => gotten().length === 1);
    await guarded.tell({ kind: 'forward', signal: 'SIGTERM' });
    await until('both signals', () => gotten().length === 2);

    expect(gotten()).toEqual(['SIGINT', 'SIGTERM']);
  });

  it('takes what it left running with it', async () => {
    await using guarded = new Guarded({ ...ticking('child', 'leave', 'SIGTERM'), heldMs: longMs });
    const pids = await guarded.pids(2);

    const end = await guarded.ended();

    expect(end).toEqual({ kind: 'exited', code: 0, cause: 'itself' });
    expect(pids.filter(isAlive)).toEqual([]);
  });
});

describe('a lock that is not extended', () => {
  it('ends a command that ignores SIGTERM, and its children, before the deadline', async () => {
    // Time for two processes to start on a busy machine: what is not there yet cannot be ended.
    await using guarded = new Guarded({ ...ticking('SIGTERM', 'child'), heldMs: 4_000 });
    const pids = await guarded.pids(2);

    const end = await guarded.ended();

    expect(end).toEqual({ kind: 'exited', signal: 'SIGKILL', cause: 'deadline' });
    expect(guarded.lastTickAt).toBeLessThan(guarded.heldUntil);
    expect(guarded.ticks.some(({ got }) => got === 'SIGTERM')).toBe(true);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('ends a command that obeys SIGTERM without a kill', async () => {
    await using guarded = new Guarded({ ...ticking(), heldMs: 1_500 });

    const end = await guarded.ended();

    expect(end).toEqual({ kind: 'exited', signal: 'SIGTERM', cause: 'deadline' });
  });

  it('does not let a command start after the deadline', async () => {
    await using guarded = new Guarded({ command: 'echo', args: ['started'], heldMs: 0 });

    const end = await guarded.ended();

    expect(end).toEqual({ kind: 'exited', cause: 'deadline' });
    expect(guarded.lines).toEqual([]);
  });

  it('would have ended a command that one extension lets run on', async () => {
    await using guarded = new Guarded({ ...ticking(), heldMs: 1_500 });
    const first = await until('the lease', () => !Number.isNaN(guarded.heldUntil) && guarded.heldUntil);

    await guarded.tell({ kind: 'hold', heldMs: 2_500 });
    await guarded.ended();

    expect(guarded.lastTickAt).toBeGreaterThan(first);
    expect(guarded.lastTickAt).toBeLessThan(guarded.heldUntil);
  });
});

describe('a lock that is lost', () => {
  it('kills the command at once', async () => {
    await using guarded = new Guarded({ ...ticking('SIGTERM', 'child'), heldMs: longMs });
    const pids = await guarded.pids(2);

    await guarded.tell({ kind: 'lose' });
    const end = await guarded.ended();

    expect(end).toEqual({ kind: 'exited', signal: 'SIGKILL', cause: 'lost' });
    expect(pids.filter(isAlive)).toEqual([]);
  });
});

describe('a parent that fails', () => {
  it('by SIGKILL, takes the command and its children with it, grace and all, long before the deadline', async () => {
    await using guarded = new Guarded({ ...ticking('SIGTERM', 'child'), heldMs: longMs });
    const pids = await guarded.pids(2);

    guarded.parent.kill('SIGKILL');
    await guarded.allGone();

    expect(pids.filter(isAlive)).toEqual([]);
    expect(guarded.ticks.some(({ got }) => got === 'SIGTERM')).toBe(true);
    expect(guarded.lastTickAt).toBeLessThan(guarded.heldUntil - longMs / 2);
  });

  it('by SIGSTOP, does not keep the command past the deadline, and hears of it when it goes on', async () => {
    await using guarded = new Guarded({ ...ticking('SIGTERM'), heldMs: 4_000 });
    const pids = await guarded.pids();

    guarded.parent.kill('SIGSTOP');
    await until('the end of the command', () => !pids.some(isAlive));
    guarded.parent.kill('SIGCONT');

    expect(await guarded.ended()).toEqual({ kind: 'exited', signal: 'SIGKILL', cause: 'deadline' });
    expect(guarded.lastTickAt).toBeLessThan(guarded.heldUntil);
  });
});

describe('a guardian that is killed', () => {
  it('is noticed by the parent, which kills the command', async () => {
    await using guarded = new Guarded({ ...ticking('SIGTERM', 'child'), heldMs: longMs });
    const pids = await guarded.pids(2);
    const [leader = 0] = pids;

    process.kill(parentOf(leader), 'SIGKILL');

    expect(await guarded.ended()).toEqual({ kind: 'unguarded' });
    await until('the end of the command', () => !pids.some(isAlive));
  });

  it('stays when somebody else sends its whole family a signal', async () => {
    await using guarded = new Guarded({ ...ticking(), heldMs: longMs });
    const [leader = 0] = await guarded.pids();

    process.kill(parentOf(leader), 'SIGTERM');
    process.kill(leader, 'SIGTERM');

    expect(await guarded.ended()).toEqual({ kind: 'exited', signal: 'SIGTERM', cause: 'itself' });
  });
});
