import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { LockHandle, LockLostError, type LockProvider, ReaderWriterHandle, SemaphoreHandle } from '../../src/index.ts';
import { freshName, outcomeOf, type Pair } from './pair.ts';

const by = { actor: 'ann@desk', reason: 'it hangs' };

const lossOf = (handle: Pick<LockHandle, 'signal'>): Promise<unknown> =>
  new Promise((resolve) => {
    if (handle.signal.aborted) resolve(handle.signal.reason);
    else handle.signal.addEventListener('abort', () => resolve(handle.signal.reason), { once: true });
  });

/** The ticket of a handle that must have one. */
function ticketOf({ ticket }: Pick<LockHandle, 'ticket'>): NonNullable<LockHandle['ticket']> {
  if (ticket === undefined) throw new Error('the handle has no ticket');
  return ticket;
}

/** Ends the session that holds that lock, as if its process were gone, and waits until that has heard of it. */
async function endHolder(provider: LockProvider, held: LockHandle): Promise<void> {
  const [holder] = (await provider.inspect(held.name)).holders;
  expect(await provider.closeSession(holder?.session ?? 0, by)).toBe(true);
  await lossOf(held);
}

/** What a ticket is good for. */
export const handingOn = (pair: () => Pair): void => {
  it('takes over what another process holds, before all who wait, under a new token', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const held = await other.acquireLock(name, { transferable: true, metadata: 'job 7' });
    const waiting = subject.acquireLock(name);
    await expect.poll(async () => (await subject.inspect(name)).waiting).toBe(1);

    const taken = await subject.attachLock(JSON.parse(JSON.stringify(ticketOf(held))));

    expect(taken).toBeInstanceOf(LockHandle);
    expect([taken.name, taken.kind, taken.metadata, taken.isHeld]).toEqual([name, 'exclusive', 'job 7', true]);
    expect(taken.fencingToken).toBeGreaterThan(held.fencingToken);
    expect(taken.ticket).toEqual(held.ticket);
    const loss = await lossOf(held);
    expect(loss).toBeInstanceOf(LockLostError);
    expect(loss).toMatchObject({ reason: 'handed-over' });
    expect(await outcomeOf(held.release())).toBe(loss);
    expect(await subject.verify({ name, token: held.fencingToken })).toBe(false);
    await taken.release();
    await (await waiting).release();
  });

  it('stays held by nobody once the session of a sticky hold has ended, until somebody attaches it', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const held = await other.acquireLock(name, { sticky: true });
    await endHolder(subject, held);

    expect((await subject.inspect(name)).holders).toMatchObject([
      { session: 0, token: held.fencingToken, sticky: true },
    ]);
    expect(await other.tryAcquireLock(name)).toBeNull();
    const again = await other.attachLock(ticketOf(held));
    expect(again.fencingToken).toBeGreaterThan(held.fencingToken);
    expect((await subject.inspect(name)).holders).toMatchObject([{ token: again.fencingToken, sticky: true }]);
    await again.release();
    expect((await subject.inspect(name)).holders).toEqual([]);
  });

  it('ends a sticky hold that nobody has by force', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const held = await other.acquireLock(name, { sticky: true });
    await endHolder(subject, held);

    expect(await subject.forceRelease(name, by)).toEqual({ count: 1, tokens: [held.fencingToken] });
    expect(await outcomeOf(other.attachLock(ticketOf(held)))).toMatchObject({ code: 'NOT_HELD' });
  });

  it('is not sticky by itself: what can be handed on still ends with its session', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const held = await other.acquireLock(name, { transferable: true });
    await endHolder(subject, held);

    expect((await subject.inspect(name)).holders).toEqual([]);
    expect(await outcomeOf(subject.attachLock(ticketOf(held)))).toMatchObject({ code: 'NOT_HELD' });
  });

  it('changes nothing with a wrong secret, a former token, or after the release', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const held = await other.acquireLock(name, { transferable: true });
    const ticket = ticketOf(held);
    const refused = async (wrong: Parameters<LockProvider['attachLock']>[0]): Promise<void> =>
      expect(await outcomeOf(subject.attachLock(wrong))).toMatchObject({ code: 'NOT_HELD', outcome: 'not-applied' });

    await refused({ ...ticket, secret: ticket.secret.replace(/./g, (digit) => (digit === '0' ? '1' : '0')) });
    await refused({ ...ticket, token: held.fencingToken + 1_000 });
    expect([held.isHeld, await held.verify()]).toEqual([true, true]);
    await held.release();
    await refused(ticket);
  });

  it('with a token is good once, however often it is delivered', async () => {
    const { subject, other } = pair();
    const held = await other.acquireLock(freshName(), { transferable: true });
    const ticket = { ...ticketOf(held), token: held.fencingToken };

    const taken = await subject.attachLock(ticket);

    expect(await outcomeOf(other.attachLock(ticket))).toMatchObject({ code: 'NOT_HELD' });
    expect(taken.isHeld).toBe(true);
    await taken.release();
  });

  it('gives the handle of the lock’s own kind, with what was held', async () => {
    const { subject, other } = pair();
    const [lock, semaphore] = [freshName(), freshName()];
    const read = await other.acquireUpgradeableReadLock(lock, { transferable: true });
    const some = await other.acquireSemaphore(semaphore, 5, { permits: 3, transferable: true });

    const [reader, permits] = [await subject.attachLock(ticketOf(read)), await subject.attachLock(ticketOf(some))];

    if (!(reader instanceof ReaderWriterHandle) || !(permits instanceof SemaphoreHandle))
      throw new Error('other kinds');
    expect([reader.mode, permits.permits]).toEqual(['upgradeable', 3]);
    await reader.upgrade();
    expect(await subject.tryAcquireSemaphore(semaphore, 5, { permits: 3 })).toBeNull();
    await Promise.all([reader.release(), permits.release()]);
  });

  it('takes one of several that were acquired at once', async () => {
    const { subject, other } = pair();
    const [one, two] = [freshName(), freshName()];
    const both = await other.acquireAll([{ lock: one }, { lock: two }], { transferable: true });

    const taken = await subject.attachLock(ticketOf(both.parts[1] as LockHandle));

    expect(taken.name).toBe(two);
    expect(await lossOf(both)).toMatchObject({ reason: 'handed-over' });
    expect(both.part(one)?.isHeld).toBe(true);
    await outcomeOf(both.release());
    await taken.release();
  });

  it('stands in the events as a loss and a grant, one right after the other', async () => {
    const { subject, other } = pair();
    const held = await other.acquireLock(freshName(), { transferable: true });
    await using events = subject.events({ prefix: held.name });
    await subject.inspect(held.name);

    const taken = await subject.attachLock(ticketOf(held));
    await taken.release();

    const seen = [];
    for await (const event of events) {
      seen.push(event);
      if (event.kind === 'released') break;
    }
    expect(seen.slice(-3)).toMatchObject([
      { kind: 'lost', token: held.fencingToken, reason: 'handed-over' },
      { kind: 'granted', token: taken.fencingToken },
      { kind: 'released', token: taken.fencingToken },
    ]);
  });

  it('is given with nothing that was not asked to be handed on', async () => {
    const { subject } = pair();
    const held = await subject.acquireLock(freshName(), { metadata: 'mine' });
    const others = [1, 2].map(() => subject.acquireLock(freshName(), { transferable: true }));
    const [one, two] = (await Promise.all(others)).map((handle) => handle.ticket?.secret);

    expect(held.ticket).toBeUndefined();
    expect(one).toMatch(/^[0-9a-f]{32}$/);
    expect(one).not.toBe(two);
    await Promise.all([held, ...(await Promise.all(others))].map((handle) => handle.release()));
  });

  it('can be stored before the lock is acquired', async () => {
    const { subject, other } = pair();
    const ticket = { name: freshName(), secret: randomBytes(16).toString('hex') };
    expect(await outcomeOf(subject.attachLock(ticket))).toMatchObject({ code: 'NOT_HELD' });

    const held = await other.acquireLock(ticket.name, { sticky: true, secret: ticket.secret });

    expect(held.ticket).toEqual(ticket);
    await (await subject.attachLock(ticket)).release();
  });

  it('is not used after an abort', async () => {
    const { subject, other } = pair();
    const held = await other.acquireLock(freshName(), { transferable: true });

    const outcome = await outcomeOf(subject.attachLock(ticketOf(held), { signal: AbortSignal.abort('no') }));

    expect(outcome).toMatchObject({ code: 'CANCELLED', cause: 'no', outcome: 'not-applied' });
    expect(await held.verify()).toBe(true);
    await held.release();
  });
};

const secret = '0'.repeat(32);

/** What is refused at the edge. */
export const refusingTickets = (subject: () => LockProvider): void => {
  it.each([
    ['no ticket', undefined, undefined],
    ['a ticket without a secret', { name: 'x' }, undefined],
    ['a secret of other letters', { name: 'x', secret: secret.replace(/0/g, 'g') }, undefined],
    ['a token that is none', { name: 'x', secret, token: 1.5 }, undefined],
    ['an option of an acquire', { name: 'x', secret }, { metadata: 'm' }],
    ['a timeout that is none', { name: 'x', secret }, { timeout: -1 }],
  ])('refuses %s', async (_, ticket, options) => {
    const attach: (...args: never) => Promise<unknown> = (some, others) => subject().attachLock(some, others);

    expect(await outcomeOf(Reflect.apply(attach, undefined, [ticket, options]))).toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });

  it('refuses what is no name', async () => {
    expect(await outcomeOf(subject().attachLock({ name: '', secret }))).toMatchObject({ code: 'INVALID_NAME' });
  });

  it.each([
    { sticky: 1 },
    { transferable: 'yes' },
    { secret: 'a word' },
    { sticky: true, owner: 'ann', reentrant: true },
    { secret, owner: 'ann', reentrant: true },
  ])('refuses to acquire with %o', (options) => {
    const acquire: (...args: never) => unknown = (name, given) => subject().acquireLock(name, given);

    expect(() => Reflect.apply(acquire, undefined, [freshName(), options])).toThrow(TypeError);
  });
};
