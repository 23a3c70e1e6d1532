import { describe, expect, it } from 'vitest';
import { acquire, cancel, nonceOf, release, rowsOf, tokenOf, World } from './world.ts';

/** A world with two sessions, 1 and 2. */
function twoSessions(): World {
  const world = new World();
  world.open(1);
  world.open(2);
  return world;
}

const grantsIn = (world: World): number => world.events.filter(({ kind }) => kind === 'granted').length;

describe('a retry after a lost answer (S81)', () => {
  it('is given the first answer, and nothing is executed twice', () => {
    const world = twoSessions();

    const first = world.ask(acquire([1, 1], 'x'));
    const again = world.ask(acquire([1, 1], 'x'));

    expect(again).toEqual(first);
    expect(grantsIn(world)).toBe(1);
  });

  it('executes twice under a new sequence: the sequence is the guard', () => {
    const world = twoSessions();

    world.ask(acquire([1, 1], 'x'));
    const again = world.ask(acquire([1, 2], 'x'));

    expect(again).toEqual({ kind: 'queued' });
  });

  it('is given the first answer after a restart and after a snapshot', () => {
    const world = twoSessions();
    const first = world.ask(acquire([1, 1], 'x'));

    world.restart();
    const afterRestart = world.ask(acquire([1, 1], 'x'));
    world.restart(rowsOf(world.table));
    const afterSnapshot = world.ask(acquire([1, 1], 'x'));

    expect([afterRestart, afterSnapshot]).toEqual([first, first]);
  });

  it('is told that its session expired, and is not executed', () => {
    const world = twoSessions();
    world.ask(acquire([1, 1], 'x'));

    world.apply({ kind: 'expire', session: 1, version: 2 });
    const again = world.ask(acquire([1, 1], 'x'));

    expect(again).toEqual({ kind: 'session-expired' });
    expect(world.table.views.inspect('x')).toBeUndefined();
  });

  it('of one that waits is told where it stands now', () => {
    const world = twoSessions();
    const token = tokenOf(world.ask(acquire([1, 1], 'x')));

    const before = world.ask(acquire([2, 1], 'x'));
    const waiting = world.ask(acquire([2, 1], 'x'));
    world.ask(release([1, 2], 'x', token));
    const granted = world.ask(acquire([2, 1], 'x'));

    expect([before, waiting]).toEqual([{ kind: 'queued' }, { kind: 'queued' }]);
    expect(granted).toEqual({ kind: 'granted', token: 2, grantedAt: expect.any(Number) });
    expect(world.table.views.inspect('x')?.waiting).toBe(0);
  });

  it('with other arguments is neither executed nor given the first answer', () => {
    const world = twoSessions();
    world.ask(acquire([1, 1], 'x'));

    const answers = [
      world.ask(acquire([1, 1], 'y')),
      world.ask(acquire([1, 1], 'x', false)),
      world.ask(release([1, 1], 'x', 1)),
    ];

    expect(answers).toEqual(Array(3).fill({ kind: 'mismatch' }));
    expect(world.table.views.counts()).toMatchObject({ locks: 1, holds: 1 });
  });

  it("of another session's sequence is another request", () => {
    const world = twoSessions();
    world.ask(acquire([1, 1], 'x'));

    expect(world.ask(acquire([2, 1], 'x'))).toEqual({ kind: 'queued' });
  });
});

describe('the mark', () => {
  it('forgets the answers below it, and nothing below it is ever executed', () => {
    const world = twoSessions();
    world.ask(acquire([1, 1], 'x'));
    world.ask(release([1, 2, 1], 'x', 1));

    const late = world.ask(acquire([1, 1], 'x'));

    expect(late).toEqual({ kind: 'stale' });
    expect(world.table.views.counts().locks).toBe(0);
  });

  it('of zero would let the same late request be executed: it is the mark that guards', () => {
    const world = twoSessions();
    world.ask(release([1, 2, 0], 'x', 1));

    expect(world.ask(acquire([1, 1], 'x')).kind).toBe('granted');
  });

  it('never falls', () => {
    const world = twoSessions();
    world.ask(acquire([1, 5, 4], 'x'));
    world.ask(acquire([1, 6, 0], 'y'));

    expect(world.ask(acquire([1, 3], 'z'))).toEqual({ kind: 'stale' });
    expect(world.table.views.session(1)?.mark).toBe(4);
  });

  it('may pass a long wait, which can still be asked about, cancelled or granted', () => {
    const world = twoSessions();
    const first = tokenOf(world.ask(acquire([1, 1], 'x')));
    world.ask(acquire([2, 1], 'x'));
    for (let sequence = 2; sequence < 100; sequence += 1) world.ask(acquire([2, sequence, sequence - 1], 'x', false));

    const waiting = world.ask(acquire([2, 1], 'x'));
    world.ask(release([1, 2, 1], 'x', first));
    const granted = world.ask(acquire([2, 1], 'x'));
    world.ask(release([2, 100, 99], 'x', tokenOf(granted)));
    const released = world.ask(acquire([2, 1], 'x'));

    expect([waiting.kind, granted.kind, released.kind]).toEqual(['queued', 'granted', 'stale']);
    expect(rowsOf(world.table).filter(({ key }) => key.startsWith('x'))).toHaveLength(2);
  });

  it('far ahead costs what is remembered, not the distance', () => {
    const world = twoSessions();
    world.ask(acquire([1, 1], 'x'));

    const answer = world.ask(acquire([1, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER - 1], 'y'));

    expect(answer.kind).toBe('granted');
    expect(world.table.views.answerOf(1, 1)).toEqual({ kind: 'stale' });
  });
});

describe('a cancel (S89)', () => {
  it('removes a waiter, and the next one moves up', () => {
    const world = twoSessions();
    const token = tokenOf(world.ask(acquire([1, 1], 'x')));
    world.ask(acquire([2, 1], 'x'));
    world.ask(acquire([1, 2], 'x'));

    const answer = world.ask(cancel([2, 2], 1));
    world.ask(release([1, 3], 'x', token));

    expect(answer).toEqual({ kind: 'cancelled' });
    expect(world.table.views.answerOf(2, 1)).toEqual({ kind: 'cancelled' });
    expect(world.table.views.inspect('x')?.holders).toMatchObject([{ session: 1, token: 2 }]);
  });

  it('tells the target first, then itself', () => {
    const world = twoSessions();
    world.ask(acquire([1, 1], 'x'));
    world.ask(acquire([2, 1], 'x'));

    const events = world.apply(cancel([2, 2], 1));

    expect(events).toEqual([
      { kind: 'answered', session: 2, sequence: 1, answer: { kind: 'cancelled' } },
      { kind: 'answered', session: 2, sequence: 2, answer: { kind: 'cancelled' } },
    ]);
  });

  it('that comes when the grant has committed says so, and the hold can be released: none is an orphan', () => {
    const world = twoSessions();
    const token = tokenOf(world.ask(acquire([1, 1], 'x')));

    const answer = world.ask(cancel([1, 2], 1));
    const releases = [world.ask(release([1, 3], 'x', token)), world.ask(release([1, 4], 'x', token))];

    expect(answer).toEqual({ kind: 'already-granted', token });
    expect(releases).toEqual([{ kind: 'released' }, { kind: 'not-held' }]);
    expect(world.ask(cancel([1, 5], 1))).toEqual(answer);
  });

  it('that overtakes its acquire keeps it from ever being executed', () => {
    const world = twoSessions();

    const answer = world.ask(cancel([1, 2], 1));
    const late = world.ask(acquire([1, 1], 'x'));

    expect([answer, late]).toEqual([{ kind: 'cancelled' }, { kind: 'cancelled' }]);
    expect(world.table.views.inspect('x')).toBeUndefined();
  });

  it('keeps it so over a restart', () => {
    const world = twoSessions();
    world.ask(cancel([1, 2], 1));

    world.restart();

    expect(world.ask(acquire([1, 1], 'x'))).toEqual({ kind: 'cancelled' });
  });

  it('leaves its acquire to be executed if it never comes: it is the record that guards', () => {
    const world = twoSessions();

    expect(world.ask(acquire([1, 1], 'x')).kind).toBe('granted');
  });

  it('of what stands below the mark is stale; of what was refused anyway, done; of a release, a mismatch', () => {
    const world = twoSessions();
    world.ask(acquire([1, 1], 'x'));
    world.ask(acquire([2, 1], 'x', false));
    world.ask(release([2, 2], 'x', 1));

    const answers = [
      world.ask(cancel([1, 2, 1], 1)),
      world.ask(cancel([2, 3], 1)),
      world.ask(cancel([2, 4], 2)),
      world.ask(cancel([2, 5], 4)),
    ];

    expect(answers.map(({ kind }) => kind)).toEqual(['stale', 'cancelled', 'mismatch', 'mismatch']);
  });

  it('sent twice is answered twice alike', () => {
    const world = twoSessions();
    world.ask(acquire([1, 1], 'x'));
    world.ask(acquire([2, 1], 'x'));

    expect(world.ask(cancel([2, 2], 1))).toEqual(world.ask(cancel([2, 2], 1)));
  });
});

describe('a release', () => {
  it('retried after its answer was lost is done once and answered alike (S90)', () => {
    const world = twoSessions();
    const token = tokenOf(world.ask(acquire([1, 1], 'x')));

    const answers = [world.ask(release([1, 2], 'x', token)), world.ask(release([1, 2], 'x', token))];

    expect(answers).toEqual([{ kind: 'released' }, { kind: 'released' }]);
    expect(world.events.filter(({ kind }) => kind === 'released')).toHaveLength(1);
  });

  it('of an older hold has no effect on the newer one (S88)', () => {
    const world = twoSessions();
    const older = tokenOf(world.ask(acquire([1, 1], 'x')));
    world.ask(release([1, 2], 'x', older));
    const newer = tokenOf(world.ask(acquire([1, 3], 'x')));

    const again = world.ask(release([1, 4], 'x', older));

    expect(again).toEqual({ kind: 'not-held' });
    expect(world.table.views.inspect('x')?.holders).toMatchObject([{ token: newer }]);
  });

  it("of another session's hold, of another name, or with a guessed token is refused", () => {
    const world = twoSessions();
    const token = tokenOf(world.ask(acquire([1, 1], 'x')));

    const answers = [
      world.ask(release([2, 1], 'x', token)),
      world.ask(release([1, 2], 'y', token)),
      world.ask(release([1, 3], 'x', token + 1)),
    ];

    expect(answers).toEqual(Array(3).fill({ kind: 'not-held' }));
    expect(world.table.views.counts().holds).toBe(1);
  });
});

describe('an open', () => {
  it('repeated gives the same session and counts as a sign of life', () => {
    const world = new World();

    const first = world.open(1);
    const again = world.open(1);

    expect(again).toBe(first);
    expect(world.table.views.session(first)?.version).toBe(2);
  });

  it('of a nonce that lives, with other arguments, is refused', () => {
    const world = new World();
    world.open(1);

    const events = world.apply({ kind: 'open', nonce: nonceOf(1), ttlMs: 20_000, home: undefined, label: 'client 1' });

    expect(events).toEqual([{ kind: 'session-refused', nonce: nonceOf(1), reason: 'mismatch' }]);
  });
});
