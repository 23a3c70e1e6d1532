import { expect, it } from 'vitest';
import { type ClusterEvent, type LockHandle, LockLostError, type LockProvider } from '../../src/index.ts';
import { freshName, outcomeOf, type Pair } from './pair.ts';

const by = { actor: 'ann@desk', reason: 'it hangs' };

const lossOf = (handle: Pick<LockHandle, 'signal'>): Promise<unknown> =>
  new Promise((resolve) => {
    if (handle.signal.aborted) resolve(handle.signal.reason);
    else handle.signal.addEventListener('abort', () => resolve(handle.signal.reason), { once: true });
  });

/** What happens to that lock from now on, until one of that kind. */
async function happened(provider: LockProvider, prefix: string, last: string, work: () => Promise<unknown>) {
  const events = provider.events({ prefix });
  const seen: ClusterEvent[] = [];
  await provider.inspect(prefix);
  await work();
  for await (const event of events) {
    seen.push(event);
    if (event.kind === last) break;
  }
  return seen;
}

/** What operators may do to what others hold. */
export const operating = (pair: () => Pair): void => {
  it('releases a lock by force: its holder hears who did it and why, and the next one has it', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const held = await other.acquireLock(name);
    const waiting = subject.acquireLock(name);
    await expect.poll(async () => (await subject.inspect(name)).waiting).toBe(1);

    const released = await subject.forceRelease(name, by);
    const next = await waiting;
    const loss = await lossOf(held);

    expect(released).toEqual({ count: 1, tokens: [held.fencingToken] });
    expect(next.fencingToken).toBeGreaterThan(held.fencingToken);
    expect(loss).toBeInstanceOf(LockLostError);
    expect(loss).toMatchObject({ code: 'LOCK_LOST', reason: 'forced', by });
    expect(held.isHeld).toBe(false);
    expect(() => held.assertHeld()).toThrow(LockLostError);
    expect(await outcomeOf(held.release())).toBe(loss);
    expect(await outcomeOf(held.release())).toBeUndefined();
    await next.release();
  });

  it('is told by others, too, who hold on to all else', async () => {
    const { subject, other } = pair();
    const [name, kept] = [freshName(), freshName()];
    const [held, others] = [await subject.acquireLock(name), await subject.acquireLock(kept)];

    await other.forceRelease(name, { ...by, token: held.fencingToken });

    expect(await lossOf(held)).toMatchObject({ reason: 'forced' });
    expect(others.isHeld).toBe(true);
    await others.release();
  });

  it('ends a part of several locks, and so the whole', async () => {
    const { subject, other } = pair();
    const [one, two] = [freshName(), freshName()];
    const held = await subject.acquireAll([{ lock: one }, { lock: two, mode: 'write' }]);

    await other.forceRelease(two, by);

    expect(await lossOf(held)).toMatchObject({ reason: 'forced', by });
    expect(held.parts.map((part) => part.isHeld)).toEqual([true, false]);
    expect(await outcomeOf(held.release())).toBeInstanceOf(LockLostError);
    expect((await subject.inspect(one)).holders).toEqual([]);
  });

  it('ends all permits of a semaphore, or those under one token', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const handles = [await subject.acquireSemaphore(name, 3), await other.acquireSemaphore(name, 3, { permits: 2 })];
    const tokens = handles.map(({ fencingToken }) => fencingToken);

    expect(await subject.forceRelease(name, { ...by, token: tokens[1] })).toEqual({ count: 1, tokens: [tokens[1]] });
    expect(await other.forceRelease(name, by)).toEqual({ count: 1, tokens: [tokens[0]] });
    await Promise.all(handles.map(lossOf));
  });

  it('changes nothing where nobody holds', async () => {
    const { subject, other } = pair();
    const name = freshName();

    expect(await subject.forceRelease(name, by)).toEqual({ count: 0, tokens: [] });
    const held = await other.acquireLock(name);
    expect(await subject.forceRelease(name, { ...by, token: held.fencingToken + 1_000 })).toMatchObject({ count: 0 });
    expect(held.isHeld).toBe(true);
    await held.release();
  });

  it('stands in the events, with who did it and why', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const held = await other.acquireLock(name);

    const seen = await happened(subject, name, 'lost', async () => {
      await subject.requestRevoke(name, by);
      await subject.forceRelease(name, by);
    });

    // A node that lags begins with what it did not know yet.
    expect(seen.filter(({ kind }) => kind !== 'granted')).toMatchObject([
      { kind: 'revoke-requested', name, token: held.fencingToken, by },
      { kind: 'lost', name, token: held.fencingToken, by },
    ]);
    await lossOf(held);
  });

  it('asks a holder to let go, and forces nothing', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const held = await other.acquireLock(name);
    const asked = new Promise((resolve) => held.on('revokeRequested', resolve));

    const answer = await subject.requestRevoke(name, by);

    expect(answer).toEqual({ count: 1, tokens: [held.fencingToken] });
    expect(await asked).toEqual(by);
    expect(held.isHeld).toBe(true);
    expect(await subject.requestRevoke(freshName(), by)).toMatchObject({ count: 0 });
    await held.release();
  });

  it('steals a lock, ahead of all who wait', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const held = await other.acquireLock(name);
    const waiting = other.acquireLock(name);
    await expect.poll(async () => (await subject.inspect(name)).waiting).toBe(1);

    const stolen = await subject.stealLock(name, by);

    expect(await lossOf(held)).toMatchObject({ reason: 'forced', by });
    expect((await subject.inspect(name)).holders.map(({ token }) => token)).toEqual([stolen.fencingToken]);
    await stolen.release();
    await (await waiting).release();
  });

  it('steals a reader-writer lock from all its readers, and nothing of another kind', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const readers = [await other.acquireReadLock(name), await subject.acquireReadLock(name)];

    expect(await outcomeOf(subject.stealLock(name, by))).toMatchObject({ code: 'KIND_MISMATCH' });
    const stolen = await subject.stealWriteLock(name, by);

    await Promise.all(readers.map(lossOf));
    expect([stolen.kind, stolen.mode, stolen.isHeld]).toEqual(['reader-writer', 'write', true]);
    await stolen.release();
  });

  it('closes the session of another, which hears of it and opens a new one', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const held = await other.acquireLock(name);
    const [holder] = (await subject.inspect(name)).holders;

    expect(await subject.closeSession(holder?.session ?? 0, by)).toBe(true);

    expect(await lossOf(held)).toMatchObject({ reason: 'forced', by });
    expect(await subject.closeSession(holder?.session ?? 0, by)).toBe(false);
    await (await other.acquireLock(name)).release();
  });

  it('does not close its own session', async () => {
    const { subject } = pair();
    const held = await subject.acquireLock(freshName());
    const [holder] = (await subject.inspect(held.name)).holders;

    const outcome = await outcomeOf(subject.closeSession(holder?.session ?? 0, by));

    expect(outcome).toBeInstanceOf(RangeError);
    expect(held.isHeld).toBe(true);
    await held.release();
  });
};

/** What is refused at the edge. */
export const refusingOperators = (subject: () => LockProvider): void => {
  it.each([
    ['no options', undefined],
    ['nobody', { actor: '', reason: '' }],
    ['an actor that is too long', { actor: 'a'.repeat(257), reason: '' }],
    ['an actor with a line end', { actor: 'a\nb', reason: '' }],
    ['no reason', { actor: 'ann' }],
    ['a reason that is too long', { actor: 'ann', reason: 'ä'.repeat(257) }],
    ['a token that is none', { ...by, token: 0 }],
    ['an unknown option', { ...by, force: true }],
  ])('refuses %s', async (_, options) => {
    const force: (...args: never) => Promise<unknown> = (name, given) => subject().forceRelease(name, given);

    expect(await outcomeOf(Reflect.apply(force, undefined, [freshName(), options]))).toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });

  it('refuses what is no name and no session', async () => {
    expect(await outcomeOf(subject().forceRelease('', by))).toMatchObject({ code: 'INVALID_NAME' });
    expect(await outcomeOf(subject().stealLock('', by))).toMatchObject({ code: 'INVALID_NAME' });
    expect(await outcomeOf(subject().closeSession(1.5, by))).toBeInstanceOf(RangeError);
  });
};
