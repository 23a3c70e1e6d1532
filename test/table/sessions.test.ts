import { describe, expect, it } from 'vitest';
import { acquire, incarnationOf, nonceOf, release, tokenOf, World } from './world.ts';

/** A node's process starts; gives whether it is the one that counts. */
function start(world: World, life: number, run: number, boot = 'b1'): boolean {
  const [event] = world.apply({ kind: 'started', node: 'n1', incarnation: incarnationOf(life), run, boot });
  if (event?.kind !== 'started') throw new Error('no verdict');
  return event.isCurrent;
}

const homeAt = (life: number, run: number) => ({ node: 'n1', incarnation: incarnationOf(life), run });

describe('the end of a session', () => {
  it('lets the next waiter that lives have the lock, and the dead waiter never (S83)', () => {
    const world = new World();
    for (const number of [1, 2, 3]) world.open(number);
    const token = tokenOf(world.ask(acquire([1, 1], 'x')));
    world.ask(acquire([2, 1], 'x'));
    world.ask(acquire([3, 1], 'x'));

    world.apply({ kind: 'expire', session: 2, version: 2 });
    world.ask(release([1, 2], 'x', token));

    expect(world.table.views.inspect('x')?.holders).toMatchObject([{ session: 3, token: 2 }]);
    expect(world.ask(acquire([2, 1], 'x'))).toEqual({ kind: 'session-expired' });
  });

  it('is told with every hold that is lost, before anybody is granted what it leaves', () => {
    const world = new World();
    world.open(1);
    world.open(2);
    world.ask(acquire([1, 1], 'x'));
    world.ask(acquire([1, 2], 'y'));
    world.ask(acquire([2, 1], 'y'));

    const events = world.apply({ kind: 'close', session: 1 });

    expect(events).toMatchObject([
      { kind: 'lost', name: 'x', token: 1 },
      { kind: 'lost', name: 'y', token: 2 },
      { kind: 'session-ended', session: 1, end: 'closed' },
      { kind: 'granted', name: 'y', session: 2, token: 3 },
      { kind: 'answered', session: 2, sequence: 1, answer: { kind: 'granted', token: 3 } },
    ]);
    expect(world.table.views.inspect('x')).toBeUndefined();
  });

  it('keeps the order of those who wait behind it', () => {
    const world = new World();
    for (const number of [1, 2, 3, 4]) world.open(number);
    for (const session of [1, 2, 3, 4]) world.ask(acquire([session, 1], 'x'));
    world.ask(acquire([3, 2], 'x'));

    world.apply({ kind: 'close', session: 2 });

    const queue = world.table.views.inspect('x')?.queue;
    expect(queue?.map(({ session, sequence }) => [session, sequence])).toEqual([
      [3, 1],
      [4, 1],
      [3, 2],
    ]);
  });

  it('of one that holds and waits for the same lock does not grant to itself', () => {
    const world = new World();
    world.open(1);
    world.open(2);
    world.ask(acquire([1, 1], 'x'));
    world.ask(acquire([1, 2], 'x'));
    world.ask(acquire([2, 1], 'x'));

    world.apply({ kind: 'close', session: 1 });

    const grants = world.events.flatMap((event) => (event.kind === 'granted' ? [event.session] : []));
    expect(grants).toEqual([1, 2]);
  });

  it('is for ever: a later session has another number', () => {
    const world = new World();
    const first = world.open(1);
    world.apply({ kind: 'close', session: first });

    world.restart();
    const second = world.open(1);

    expect(second).toBeGreaterThan(first);
  });

  it('of an unknown session is said to be unknown', () => {
    const world = new World();

    expect(world.apply({ kind: 'close', session: 9 })).toEqual([{ kind: 'session-ended', session: 9, end: 'unknown' }]);
  });
});

describe('an expiry (S84)', () => {
  it('is void if a command of the session came first', () => {
    const world = new World();
    const session = world.open(1);
    const version = world.table.views.session(session)?.version ?? 0;
    world.ask(acquire([session, 1], 'x'));

    const events = world.apply({ kind: 'expire', session, version });

    expect(events).toEqual([]);
    expect(world.table.views.inspect('x')?.holders).toMatchObject([{ session }]);
  });

  it('takes the holds of a session that was silent since', () => {
    const world = new World();
    const session = world.open(1);
    world.ask(acquire([session, 1], 'x'));
    const version = world.table.views.session(session)?.version ?? 0;

    world.apply({ kind: 'expire', session, version });

    expect(world.table.views.inspect('x')).toBeUndefined();
  });

  it.each([
    ['a repetition', acquire([1, 1], 'x')],
    ['a mismatch', acquire([1, 1], 'y')],
    ['something below the mark', acquire([1, 3], 'y')],
  ])('is voided by %s too: whatever it says, the session lives', (_name, command) => {
    const world = new World();
    world.open(1);
    world.ask(acquire([1, 1], 'x'));
    world.ask(acquire([1, 5, 4], 'z'));
    const version = world.table.views.session(1)?.version ?? 0;
    world.ask(command);

    expect(world.apply({ kind: 'expire', session: 1, version })).toEqual([]);
  });
});

describe('a start of a node', () => {
  it('ends the sessions of its earlier runs at once, and no others', () => {
    const world = new World();
    start(world, 1, 1);
    const before = world.open(1, homeAt(1, 1));
    const remote = world.open(2);
    world.ask(acquire([before, 1], 'x'));
    world.ask(acquire([remote, 1], 'x'));

    const isCurrent = start(world, 1, 2);

    expect(isCurrent).toBe(true);
    expect(world.events).toContainEqual({ kind: 'session-ended', session: before, end: 'superseded' });
    expect(world.table.views.inspect('x')?.holders).toMatchObject([{ session: remote }]);
  });

  it('passes no lock from one dead session to another', () => {
    const world = new World();
    start(world, 1, 1);
    const first = world.open(1, homeAt(1, 1));
    const second = world.open(2, homeAt(1, 1));
    world.ask(acquire([first, 1], 'x'));
    world.ask(acquire([second, 1], 'x'));

    start(world, 1, 2);

    expect(world.table.views.counts()).toMatchObject({ locks: 0, tokens: 1 });
  });

  it('repeated is current and ends nothing', () => {
    const world = new World();
    start(world, 1, 1);
    const session = world.open(1, homeAt(1, 1));

    expect(start(world, 1, 1)).toBe(true);
    expect(world.table.views.session(session)).toBeDefined();
  });

  it.each([
    ['a second boot of the same run', 1, 2, 'b2'],
    ['an earlier run', 1, 1, 'b1'],
  ])('is refused for %s, and nothing changes', (_name, life, run, boot) => {
    const world = new World();
    start(world, 1, 2);
    const session = world.open(1, homeAt(1, 2));

    expect(start(world, life, run, boot)).toBe(false);
    expect(world.table.views.session(session)).toBeDefined();
    expect(world.table.views.runOf('n1')).toEqual({ incarnation: incarnationOf(1), run: 2, boot: 'b1' });
  });

  it('under another incarnation takes over, and the replaced one never comes back, not even after a restart', () => {
    const world = new World();
    start(world, 1, 7);
    const old = world.open(1, homeAt(1, 7));

    const replaced = start(world, 2, 1);
    world.restart();
    const again = start(world, 1, 8);

    expect([replaced, again]).toEqual([true, false]);
    expect(world.table.views.session(old)).toBeUndefined();
  });

  it('leaves no way for a late open of the run before', () => {
    const world = new World();
    start(world, 1, 1);
    start(world, 1, 2);

    const late = world.apply({ kind: 'open', nonce: nonceOf(1), ttlMs: 1_000, home: homeAt(1, 1), label: 'late' });

    expect(late).toEqual([{ kind: 'session-refused', nonce: nonceOf(1), reason: 'superseded' }]);
    expect(world.open(2, homeAt(1, 2))).toBe(1);
  });

  it('is needed before a session may live in the node', () => {
    const world = new World();

    const early = world.apply({ kind: 'open', nonce: nonceOf(1), ttlMs: 1_000, home: homeAt(1, 1), label: 'early' });

    expect(early).toMatchObject([{ kind: 'session-refused', reason: 'superseded' }]);
  });
});
