import { describe, expect, it } from 'vitest';
import { secretOf } from './choices.ts';
import { endSession, forceRelease, takeOver } from './orders.ts';
import {
  acquire,
  acquireWith,
  begun,
  cancel,
  exclusive,
  nonceOf,
  opened,
  overdue,
  permits,
  readUpgradeable,
  release,
  rowsOf,
  tokenOf,
  upgrade,
  World,
} from './world.ts';

const [secret, other] = [secretOf(0), secretOf(1)];

const transferable = { secret };

const sticky = { secret, sticky: true } as const;

const holdersOf = (world: World, name = 'x') =>
  world.table.views.inspect(name)?.holders.map(({ session, token }) => [session, token]) ?? [];

describe('a sticky hold', () => {
  it('outlives its session, and is nobody’s', () => {
    const world = opened();
    const token = tokenOf(world.ask(acquireWith(sticky, undefined, [1, 1], exclusive('x'))));
    world.ask(acquire([2, 1], 'x'));

    expect(world.apply({ kind: 'close', session: 1 })).toEqual([
      { kind: 'orphaned', name: 'x', session: 1, token },
      { kind: 'session-ended', session: 1, end: 'closed' },
    ]);
    expect(world.table.views.inspect('x')).toMatchObject({
      holders: [{ session: 0, label: '', node: null, token, sticky: true }],
      queue: [{ session: 2, sticky: false }],
    });
    expect(world.table.views.isCurrent({ name: 'x', token })).toBe(true);
  });

  it.each([
    ['expires', { kind: 'expire', session: 1, version: 2 } as const],
    ['is closed by an operator', endSession([3, 1], 1)],
  ])('stands when its session %s', (_how, end) => {
    const world = opened();
    const token = tokenOf(world.ask(acquireWith(sticky, undefined, [1, 1], exclusive('x'))));

    world.apply(end);

    expect(holdersOf(world)).toEqual([[0, token]]);
  });

  it('leaves no delay, for it has not ended', () => {
    const world = opened();
    world.ask(acquireWith({ ...sticky, delayMs: 1_000 }, undefined, [1, 1], exclusive('x')));

    world.apply({ kind: 'expire', session: 1, version: 2 });

    expect(world.table.views.inspect('x')?.lockDelay).toBeNull();
  });

  it('ends by its release, and by force', () => {
    const world = opened();
    const token = tokenOf(world.ask(acquireWith(sticky, undefined, [1, 1], exclusive('x'))));
    expect(world.ask(release([1, 2], 'x', token))).toEqual({ kind: 'released' });
    const again = tokenOf(world.ask(acquireWith(sticky, undefined, [1, 3], exclusive('x'))));
    world.apply({ kind: 'close', session: 1 });

    expect(world.apply(forceRelease([2, 1], 'x'))[0]).toMatchObject({ kind: 'lost', session: 0, token: again });
    expect(world.table.views.inspect('x')).toBeUndefined();
  });

  it('that is bounded ends with its time, whoever has it', () => {
    const world = opened();
    const token = tokenOf(world.ask(acquireWith({ ...sticky, holdMsMax: 2_000 }, undefined, [1, 1], exclusive('x'))));
    world.ask(begun([1, 2], { name: 'x', token }));
    world.apply({ kind: 'close', session: 1 });

    expect(world.apply(overdue('x', token))).toEqual([
      { kind: 'lost', name: 'x', session: 0, token, reason: 'overdue' },
    ]);
  });

  it('counts against a limit of the cluster, as does who waits for one', () => {
    const world = new World({ stickyMax: 2 });
    for (const number of [1, 2]) world.open(number);
    world.ask(acquireWith(sticky, undefined, [1, 1], exclusive('x')));
    world.ask(acquireWith(sticky, undefined, [2, 1], exclusive('x')));
    const full = { kind: 'limit-exceeded', limit: 'sticky holds', max: 2 };

    expect(world.ask(acquireWith(sticky, undefined, [1, 2], exclusive('y')))).toEqual(full);
    world.ask(cancel([2, 2], 1));
    world.restart();
    expect(world.ask(acquireWith(sticky, undefined, [1, 3], permits('s', 1, 2)))).toMatchObject({ kind: 'granted' });
    expect(world.ask(acquireWith(sticky, undefined, [2, 3], permits('s', 1, 2)))).toEqual(full);
  });
});

describe('a take-over', () => {
  it('moves a hold to another session in one step, under a new token, before all who wait', () => {
    const world = opened();
    const had = tokenOf(world.ask(acquireWith({ ...transferable, metadata: 'job 7' }, 'ann', [1, 1], exclusive('x'))));
    world.ask(acquire([3, 1], 'x'));
    const by = { session: 2, actor: 'client 2', reason: '' };
    const terms = { mode: 'X', permits: 1, owner: 'ann', options: { ...transferable, metadata: 'job 7' } };

    const events = world.apply(takeOver([2, 1], { name: 'x', secret }));

    expect(events).toEqual([
      { kind: 'lost', name: 'x', session: 1, token: had, reason: 'handed-over', by },
      { kind: 'granted', name: 'x', session: 2, token: had + 1 },
      expect.objectContaining({
        session: 2,
        answer: expect.objectContaining({ kind: 'granted', token: had + 1, terms }),
      }),
    ]);
    expect(holdersOf(world)).toEqual([[2, had + 1]]);
    expect(world.table.views.inspect('x')?.queue).toHaveLength(1);
  });

  it('is told to whoever had the hold until he has let go of it', () => {
    const world = opened();
    const token = tokenOf(world.ask(acquireWith(transferable, undefined, [1, 1], exclusive('x'))));
    world.ask(takeOver([2, 1], { name: 'x', secret }));
    world.restart();

    expect(world.table.views.takenFrom(1)).toMatchObject([{ name: 'x', token, isHandedOver: true }]);
    expect(world.ask(release([1, 2], 'x', token))).toEqual({ kind: 'not-held' });
    expect(world.table.views.takenFrom(1)).toEqual([]);
    expect(holdersOf(world)).toHaveLength(1);
  });

  it.each([
    ['another secret', { name: 'x', secret: other }],
    ['another name', { name: 'y', secret }],
    ['a token that it had before', { name: 'x', secret, token: 99 }],
  ])('with %s changes nothing', (_with, ticket) => {
    const world = opened();
    world.ask(acquireWith(transferable, undefined, [1, 1], exclusive('x')));
    const before = rowsOf(world.table).filter(({ key }) => /^[tuw]/.test(key));

    expect(world.ask(takeOver([2, 1], ticket))).toEqual({ kind: 'not-held' });
    expect(rowsOf(world.table).filter(({ key }) => /^[tuw]/.test(key))).toEqual(before);
  });

  it('by the token succeeds once, and by the secret alone every time', () => {
    const world = opened();
    const token = tokenOf(world.ask(acquireWith(transferable, undefined, [1, 1], exclusive('x'))));

    expect(world.ask(takeOver([2, 1], { name: 'x', secret, token }))).toMatchObject({ kind: 'granted' });
    expect(world.ask(takeOver([3, 1], { name: 'x', secret, token }))).toEqual({ kind: 'not-held' });
    expect(world.ask(takeOver([3, 2], { name: 'x', secret }))).toMatchObject({ kind: 'granted' });
    expect(world.ask(takeOver([3, 3], { name: 'x', secret }))).toMatchObject({ kind: 'granted' });
    expect(holdersOf(world)).toEqual([[3, token + 3]]);
  });

  it('has nothing to take of a hold without a secret, or of one that was released', () => {
    const world = opened();
    world.ask(acquire([1, 1], 'x'));
    expect(world.ask(takeOver([2, 1], { name: 'x', secret }))).toEqual({ kind: 'not-held' });
    const token = tokenOf(world.ask(acquireWith(transferable, undefined, [1, 2], exclusive('y'))));
    world.ask(release([1, 3], 'y', token));
    expect(world.ask(takeOver([2, 2], { name: 'y', secret }))).toEqual({ kind: 'not-held' });
  });

  it('ends an upgrade that the former holder waits for, and lets in who waited behind it', () => {
    const world = opened();
    const token = tokenOf(world.ask(acquireWith(transferable, undefined, [1, 1], readUpgradeable('r'))));
    const reader = { name: 'r', mode: 'R', permits: 1, limit: 0 } as const;
    world.ask(acquireWith({ metadata: '' }, undefined, [3, 1], reader));
    world.ask(upgrade([1, 2], { name: 'r', token }));
    world.ask(acquireWith({ metadata: '' }, undefined, [3, 2], reader));

    const events = world.apply(takeOver([2, 1], { name: 'r', secret }));

    expect(events).toContainEqual({ kind: 'answered', session: 1, sequence: 2, answer: { kind: 'not-held' } });
    expect(holdersOf(world, 'r').map(([session]) => session)).toEqual([3, 2, 3]);
  });

  it('begins the bounded time anew, and what was counted for the former holder is void', () => {
    const world = opened();
    const bounded = { ...transferable, holdMsMax: 2_000 };
    const had = tokenOf(world.ask(acquireWith(bounded, undefined, [1, 1], exclusive('x'))));
    world.ask(begun([1, 2], { name: 'x', token: had }));
    const token = tokenOf(world.ask(takeOver([2, 1], { name: 'x', secret })));

    expect([...world.table.views.bounds()]).toEqual([]);
    world.apply(overdue('x', had));
    expect(holdersOf(world)).toEqual([[2, token]]);
    expect(world.ask(begun([2, 2], { name: 'x', token }))).toEqual({ kind: 'begun' });
    expect([...world.table.views.bounds()]).toMatchObject([{ name: 'x', token }]);
  });

  it('is refused in a session whose TTL leaves nothing of the bound', () => {
    const world = new World();
    world.open(1);
    world.apply({ kind: 'open', nonce: nonceOf(2), ttlMs: 10_001, home: undefined, label: '' });
    const token = tokenOf(
      world.ask(acquireWith({ ...transferable, holdMsMax: 2_000 }, undefined, [1, 1], exclusive('x'))),
    );

    const full = { kind: 'limit-exceeded', limit: 'ms of session TTL under its maxHold', max: 10_000 };
    expect(world.ask(takeOver([2, 1], { name: 'x', secret }))).toEqual(full);
    expect(holdersOf(world)).toEqual([[1, token]]);
  });

  it('comes too late for what a later one of the same session has', () => {
    const world = opened();
    world.ask(acquireWith(transferable, undefined, [1, 1], exclusive('x')));
    const token = tokenOf(world.ask(takeOver([2, 3], { name: 'x', secret })));

    expect(world.ask(takeOver([2, 1], { name: 'x', secret }))).toEqual({ kind: 'not-held' });
    expect(world.ask(cancel([2, 4], 1))).toEqual({ kind: 'cancelled' });
    expect(holdersOf(world)).toEqual([[2, token]]);
  });

  it('goes on while the name is in delay: nobody is granted anything', () => {
    const world = opened();
    world.ask(acquireWith(transferable, undefined, [1, 1], permits('s', 1, 2)));
    world.ask(acquireWith({ delayMs: 1_000 }, undefined, [3, 1], permits('s', 1, 2)));
    world.apply({ kind: 'expire', session: 3, version: 2 });

    expect(world.ask(takeOver([2, 1], { name: 's', secret }))).toMatchObject({ kind: 'granted' });
    expect(world.table.views.inspect('s')?.lockDelay).toBe(1_000);
  });

  it('makes one hold of what its owner has entered more than once', () => {
    const world = opened();
    const twice = { ...acquireWith(transferable, 'ann', [1, 1], exclusive('x')), reenters: true };
    world.ask(twice);
    world.ask({ ...twice, sequence: 2 });

    const token = tokenOf(world.ask(takeOver([2, 1], { name: 'x', secret })));

    expect(world.ask(release([2, 2], 'x', token))).toEqual({ kind: 'released' });
    expect(world.table.views.inspect('x')).toBeUndefined();
  });

  it('obeys the limit on holds of the session that asks', () => {
    const world = new World({ holdsPerSessionMax: 1 });
    for (const number of [1, 2]) world.open(number);
    world.ask(acquireWith(transferable, undefined, [1, 1], exclusive('x')));
    world.ask(acquire([2, 1], 'y'));

    const full = { kind: 'limit-exceeded', limit: 'holds per session', max: 1 };
    expect(world.ask(takeOver([2, 2], { name: 'x', secret }))).toEqual(full);
    expect(world.ask(takeOver([1, 2], { name: 'x', secret }))).toMatchObject({ kind: 'granted' });
  });

  it('is carried out once, however often it is sent, and never after its cancel', () => {
    const world = opened();
    world.ask(acquireWith(transferable, undefined, [1, 1], exclusive('x')));
    const first = world.ask(takeOver([2, 1], { name: 'x', secret }));

    expect(world.ask(takeOver([2, 1], { name: 'x', secret }))).toEqual(first);
    expect(world.ask(takeOver([2, 1], { name: 'x', secret: other }))).toEqual({ kind: 'mismatch' });
    expect(world.ask(cancel([2, 2], 1))).toEqual({ kind: 'already-granted', token: tokenOf(first) });
    world.ask(cancel([3, 2], 1));
    expect(world.ask(takeOver([3, 1], { name: 'x', secret }))).toEqual({ kind: 'cancelled' });
  });
});
