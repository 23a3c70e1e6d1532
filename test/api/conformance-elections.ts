import { expect, it } from 'vitest';
import type { ElectionView, Leaders, LockProvider } from '../../src/index.ts';
import { freshName, outcomeOf, type Pair } from './pair.ts';

/** What a reader is shown next. */
const shown = async (leaders: Leaders): Promise<ElectionView> => {
  const step = await leaders.next();
  if (step.done === true) throw new Error('the observation ended');
  return step.value;
};

/** Until so many wait for that leadership. */
export const waiting = (provider: LockProvider, name: string, count: number): Promise<void> =>
  expect.poll(async () => (await provider.inspect(name)).waiting).toBe(count);

/** How somebody is elected, is seen, and resigns. */
export const electing = (pair: () => Pair): void => {
  it('elects one at a time, in the order of campaigns, each with a higher token', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const first = await subject.createElection(name).campaign('one');
    const campaign = other.createElection(name).campaign('two');
    await waiting(subject, name, 1);

    const during = await other.createElection(name).leader();
    await first.resign();
    const second = await campaign;

    expect(during).toMatchObject({ value: 'one', token: first.fencingToken });
    expect([first.isHeld, first.signal.aborted, second.isHeld, second.value]).toEqual([false, false, true, 'two']);
    expect(second.fencingToken).toBeGreaterThan(first.fencingToken);
    expect(await subject.createElection(name).leader()).toMatchObject({ value: 'two', token: second.fencingToken });
    await second.resign();
    expect(await other.createElection(name).leader()).toMatchObject({ leader: null, value: null, token: null });
  });

  it('shows what the leader proclaims, to whoever asks afterwards', async () => {
    const { subject, other } = pair();
    const name = freshName();
    await using leadership = await subject.createElection(name).campaign('');

    const before = await other.createElection(name).leader();
    await leadership.proclaim('10.0.0.7:80');
    const after = await other.createElection(name).leader();
    await leadership.proclaim('');

    expect([before.value, after.value, (await other.createElection(name).leader()).value]).toEqual([
      '',
      '10.0.0.7:80',
      '',
    ]);
    expect([after.token, after.leader]).toEqual([leadership.fencingToken, before.leader]);
    expect(leadership.value).toBe('');
  });

  it('takes many proclamations at once: the last one counts, for all of them', async () => {
    const { subject, other } = pair();
    const name = freshName();
    await using leadership = await subject.createElection(name).campaign('0');

    await Promise.all(Array.from({ length: 50 }, (_, at) => leadership.proclaim(String(at + 1))));

    expect((await other.createElection(name).leader()).value).toBe('50');
  });

  it('proclaims nothing any more once it was resigned', async () => {
    const { subject } = pair();
    const leadership = await subject.createElection(freshName()).campaign('x');
    await leadership.resign();

    expect(await outcomeOf(leadership.proclaim('y'))).toMatchObject({ code: 'NOT_HELD', outcome: 'not-applied' });
  });

  it('leaves nothing of a campaign behind that was given up', async () => {
    const { subject, other } = pair();
    const name = freshName();
    await using _leader = await other.createElection(name).campaign('x');
    const controller = new AbortController();
    const campaign = outcomeOf(subject.createElection(name).campaign('y', { signal: controller.signal }));
    await waiting(subject, name, 1);

    controller.abort('enough');
    const late = outcomeOf(subject.createElection(name).campaign('z', { timeout: 20 }));

    expect(await campaign).toMatchObject({ code: 'CANCELLED', cause: 'enough' });
    expect(await late).toMatchObject({ code: 'TIMEOUT' });
    await waiting(subject, name, 0);
  });

  it('is an exclusive lock of that name, and no other kind', async () => {
    const { subject, other } = pair();
    const name = freshName();
    await using _read = await other.acquireReadLock(name);
    const election = subject.createElection(name);

    expect(await outcomeOf(election.campaign('x'))).toMatchObject({ code: 'KIND_MISMATCH' });
    expect(await outcomeOf(election.leader())).toMatchObject({ code: 'KIND_MISMATCH' });
    expect(await outcomeOf(election.observe().next())).toMatchObject({ code: 'KIND_MISMATCH' });
    expect(await outcomeOf(election.run({ lead: () => undefined }))).toMatchObject({ code: 'KIND_MISMATCH' });
  });
};

/** How everybody sees who leads. */
export const observing = (pair: () => Pair): void => {
  it('shows who leads at first, then each change, and that nobody does', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const leaders = subject.createElection(name).observe();
    const election = other.createElection(name);

    const views = [await shown(leaders)];
    const first = await election.campaign('a');
    views.push(await shown(leaders));
    await first.proclaim('b');
    views.push(await shown(leaders));
    await first.resign();
    views.push(await shown(leaders));
    await leaders.return();

    expect(views.map(({ value }) => value)).toEqual([null, 'a', 'b', null]);
    expect(views.map(({ token }) => token)).toEqual([null, first.fencingToken, first.fencingToken, null]);
    expect(views.map(({ index }) => index)).toEqual([...views.map(({ index }) => index)].sort((a, b) => a - b));
    expect(await leaders.next()).toEqual({ done: true, value: undefined });
  });

  it('waits for a change, and is told at once', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const leaders = subject.createElection(name).observe();
    await shown(leaders);

    const step = shown(leaders);
    await using leadership = await other.createElection(name).campaign('x');

    expect(await step).toMatchObject({ value: 'x', token: leadership.fencingToken });
    await leaders.return();
  });

  it('tells a slow reader the latest, and does not mistake longer names for its own', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const leaders = subject.createElection(name).observe();
    await shown(leaders);
    for (let term = 0; term < 5; term += 1) await (await other.createElection(name).campaign(`${term}`)).resign();
    await using leadership = await other.createElection(name).campaign('last');

    const latest = await shown(leaders);
    const next = shown(leaders);
    await (await other.createElection(`${name}/longer`).campaign('another')).resign();
    await leadership.proclaim('new');

    expect(latest).toMatchObject({ value: 'last', token: leadership.fencingToken });
    expect(await next).toMatchObject({ value: 'new' });
    await leaders.return();
  });

  it('ends with the reason of an abort, once', async () => {
    const { subject } = pair();
    const controller = new AbortController();
    const leaders = subject.createElection(freshName()).observe({ signal: controller.signal });
    await shown(leaders);
    const step = outcomeOf(leaders.next());
    const reason = new Error('mine');

    controller.abort(reason);

    expect(await step).toMatchObject({ code: 'CANCELLED', cause: reason });
    expect(await leaders.next()).toEqual({ done: true, value: undefined });
  });

  it('is told as an event, too', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const events = subject.events({ prefix: name });
    await using leadership = await other.createElection(name).campaign('x');
    await leadership.proclaim('y');

    const [granted, proclaimed] = [(await events.next()).value, (await events.next()).value];
    await events.return();

    expect(granted).toMatchObject({ kind: 'granted', token: leadership.fencingToken });
    expect(proclaimed).toMatchObject({ kind: 'proclaimed', name, token: leadership.fencingToken, metadata: 'y' });
  });
};

/** What is refused at the edge. */
export const refusingElections = (subject: () => LockProvider): void => {
  const lead = (): void => undefined;

  it.each([[5], [undefined], [null], ['\ud800']])('throws a TypeError at once for the value %j', (value) => {
    const election = subject().createElection(freshName());

    expect(() => Reflect.apply(election.campaign, election, [value])).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', name: 'TypeError' }),
    );
  });

  it('throws a RangeError at once for a value of more than 1,024 bytes', async () => {
    const election = subject().createElection(freshName());
    await using leadership = await election.campaign('\u00e9'.repeat(512));

    expect(() => election.campaign('\u00e9'.repeat(513))).toThrow(RangeError);
    expect(() => leadership.proclaim('x'.repeat(1_025))).toThrow(RangeError);
    expect(leadership.isHeld).toBe(true);
  });

  it.each([
    [undefined],
    [null],
    [{}],
    [{ lead: 5 }],
    [{ lead, again: 1 }],
    [{ lead, signal: {} }],
    [{ lead, retryDelay: '5' }],
    [{ lead, onError: 5 }],
    [{ lead, owner: '' }],
    [{ lead, value: 5 }],
    [{ lead, depth: 1 }],
  ])('throws a TypeError at once for a run of %j', (options) => {
    const election = subject().createElection(freshName());

    expect(() => Reflect.apply(election.run, election, [options])).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', name: 'TypeError' }),
    );
  });

  it.each([[0], [-1], [Number.NaN], [3_600_001]])(
    'throws a RangeError at once for a retryDelay of %j',
    (retryDelay) => {
      expect(() => subject().createElection(freshName()).run({ lead, retryDelay })).toThrow(RangeError);
    },
  );

  it.each([
    [{ metadata: 'x' }],
    [{ reentrant: true }],
    [{ sticky: true }],
    [{ transferable: false }],
    [{ timeout: 'x' }],
  ])('throws a TypeError at once for a campaign with %j', (options) => {
    const election = subject().createElection(freshName());

    expect(() => Reflect.apply(election.campaign, election, ['x', options])).toThrow(TypeError);
  });

  it.each([[5], [null], [{ signal: {} }], [{ prefix: 'x' }]])(
    'throws a TypeError at once to observe with %j',
    (options) => {
      const election = subject().createElection(freshName());

      expect(() => Reflect.apply(election.observe, election, [options])).toThrow(TypeError);
    },
  );

  it('refuses what is no name', () => {
    expect(() => subject().createElection('$x')).toThrow(expect.objectContaining({ code: 'INVALID_NAME' }));
  });
};
