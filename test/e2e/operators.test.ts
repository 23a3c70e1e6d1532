import { hostname } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run, Serving } from './serving.ts';

let serving: Serving;
let client: Awaited<ReturnType<Serving['connect']>>;
beforeAll(async () => {
  serving = await Serving.of(['a']);
  client = await serving.connect();
});
afterAll(async () => {
  await client.close();
  await serving[Symbol.asyncDispose]();
});

const environment = (): NodeJS.ProcessEnv => ({ HOLDFAST_ENDPOINTS: serving.endpoints.join(',') });

const lossOf = (signal: AbortSignal): Promise<unknown> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve(signal.reason);
    else signal.addEventListener('abort', () => resolve(signal.reason), { once: true });
  });

describe('holdfast release --force', () => {
  it('releases a lock, and its holder hears who did it and why', async () => {
    const held = await client.acquireLock('job');

    const { code, out } = await run(['release', 'job', '--force', '--reason', 'it hangs'], environment());

    expect(out).toContain(`released "job", token ${held.fencingToken}`);
    expect(code).toBe(0);
    expect(await lossOf(held.signal)).toMatchObject({
      reason: 'forced',
      by: { actor: expect.stringContaining(`@${hostname()}`.slice(0, 60)), reason: 'it hangs' },
    });
  });

  it('ends with 1 when nobody holds it, or not under that token, and says so', async () => {
    const held = await client.acquireLock('kept');
    const nobody = await run(['release', 'free', '--force'], environment());
    const other = await run(['release', 'kept', '--force', '--token', '1', '--json'], environment());

    expect(nobody.code).toBe(1);
    expect(nobody.complaint).toContain('nobody holds "free"');
    expect(other.code).toBe(1);
    expect(JSON.parse(other.out)).toEqual({ name: 'kept', count: 0, tokens: [] });
    expect(held.isHeld).toBe(true);
    await held.release();
  });

  it.each([
    [['release', 'x'], '--force'],
    [['release', 'x', '--force', '--actor', ''], 'actor'],
    [['release', 'x', '--force', '--token', 'seven'], '--token'],
    [['release', '', '--force'], 'empty'],
  ])('refuses %j with 64', async (args, word) => {
    const { code, complaint } = await run(args, environment());

    expect(complaint).toContain(word);
    expect(code).toBe(64);
  });
});

describe('holdfast sessions --close', () => {
  it('closes the session of another, once', async () => {
    const held = await client.acquireLock('mine');
    const session = String((await client.inspect('mine')).holders[0]?.session);

    const first = await run(['sessions', '--close', session, '--actor', 'ann'], environment());
    const again = await run(['sessions', '--close', session], environment());

    expect([first.code, again.code]).toEqual([0, 1]);
    expect(await lossOf(held.signal)).toMatchObject({ reason: 'forced', by: { actor: 'ann', reason: '' } });
    expect(again.complaint).toContain(`no session ${session}`);
  });
});
