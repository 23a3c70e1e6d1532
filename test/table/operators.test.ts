import { describe, expect, it } from 'vitest';
import { lossesKeptMax } from '../../src/table/index.ts';
import { endSession, forceRelease, requestRevoke, steal } from './orders.ts';
import {
  acquire,
  acquireAll,
  acquireFor,
  cancel,
  exclusive,
  opened,
  permits,
  read,
  readUpgradeable,
  release,
  rowsOf,
  tokenOf,
  upgrade,
  write,
} from './world.ts';

const by = { session: 2, actor: 'ann', reason: 'it hangs' };

describe('a release by force', () => {
  it('ends the hold and grants the next in the same entry, under a higher token', () => {
    const world = opened();
    const token = tokenOf(world.ask(acquire([1, 1], 'x')));
    world.ask(acquire([3, 1], 'x'));

    expect(world.apply(forceRelease([2, 1], 'x'))).toEqual([
      { kind: 'lost', name: 'x', session: 1, token, by },
      { kind: 'granted', name: 'x', session: 3, token: token + 1 },
      { kind: 'answered', session: 3, sequence: 1, answer: expect.objectContaining({ token: token + 1 }) },
      { kind: 'answered', session: 2, sequence: 1, answer: { kind: 'force-released', count: 1, tokens: [token] } },
    ]);
  });

  it('ends all who share it, or one of them', () => {
    const world = opened();
    const tokens = [1, 2, 3].map((session) => tokenOf(world.ask(acquireAll([session, 1], permits('s', 1, 3)))));

    expect(world.ask(forceRelease([2, 2], 's', tokens[2]))).toMatchObject({ count: 1, tokens: [tokens[2]] });
    expect(world.ask(forceRelease([2, 3], 's'))).toMatchObject({ count: 2, tokens: tokens.slice(0, 2) });
    expect(world.table.views.inspect('s')).toBeUndefined();
  });

  it('ends a hold however often its owner has entered it', () => {
    const world = opened();
    for (const sequence of [1, 2]) world.ask(acquireFor('bob', [1, sequence], exclusive('x'), true, true));

    expect(world.ask(forceRelease([2, 1], 'x'))).toMatchObject({ count: 1 });
    expect(world.table.views.inspect('x')).toBeUndefined();
    expect(world.ask(release([1, 3], 'x', 1))).toEqual({ kind: 'not-held' });
  });

  it('ends an upgrade with the read that it is of, after word of its loss', () => {
    const world = opened();
    const token = tokenOf(world.ask(acquireAll([1, 1], readUpgradeable('r'))));
    world.ask(acquireAll([3, 1], read('r')));
    world.ask(upgrade([1, 2], { name: 'r', token }));
    world.ask(acquireAll([3, 2], read('r')));

    const events = world.apply(forceRelease([2, 1], 'r', token));

    expect(events.slice(0, 3)).toMatchObject([
      { kind: 'lost', session: 1, token },
      { kind: 'answered', session: 1, sequence: 2, answer: { kind: 'not-held' } },
      { kind: 'granted', session: 3 },
    ]);
  });

  it('changes nothing where nobody holds, and under a token that nobody has', () => {
    const world = opened();
    world.ask(acquire([1, 1], 'x'));
    const before = world.table.views.inspect('x');

    expect(world.ask(forceRelease([2, 1], 'y'))).toEqual({ kind: 'not-held' });
    expect(world.ask(forceRelease([2, 2], 'x', 99))).toEqual({ kind: 'not-held' });
    expect(world.table.views.inspect('x')).toEqual(before);
  });

  it('is executed once, however often it comes', () => {
    const world = opened();
    world.ask(acquire([1, 1], 'x'));
    const first = world.ask(forceRelease([2, 1], 'x'));
    world.ask(acquire([1, 2], 'x'));

    expect(world.ask(forceRelease([2, 1], 'x'))).toEqual(first);
    expect(world.ask({ ...forceRelease([2, 1], 'x'), reason: 'another one' })).toEqual({ kind: 'mismatch' });
    expect(world.table.views.inspect('x')?.holders).toHaveLength(1);
  });

  it('is remembered for its session until that lets go of what it has not', () => {
    const world = opened();
    const token = tokenOf(world.ask(acquire([1, 1], 'x')));
    world.ask(forceRelease([2, 1], 'x'));
    world.restart();

    expect(world.table.views.takenFrom(1)).toEqual([{ name: 'x', token, by }]);
    world.ask(release([3, 1], 'x', token));
    expect(world.table.views.takenFrom(1)).toHaveLength(1);
    world.ask(release([1, 2], 'x', token));
    expect(world.table.views.takenFrom(1)).toEqual([]);
    world.restart();
    expect(world.table.views.takenFrom(1)).toEqual([]);
  });

  it('is forgotten with its session', () => {
    const world = opened();
    world.ask(acquire([1, 1], 'x'));
    world.ask(forceRelease([2, 1], 'x'));
    world.apply({ kind: 'close', session: 1 });

    expect(world.table.views.takenFrom(1)).toEqual([]);
    expect(rowsOf(world.table).filter(({ key }) => key.startsWith('u'))).toEqual([]);
  });

  it('is remembered so often and no more, and then the oldest is forgotten', () => {
    const world = opened();
    for (let at = 1; at <= lossesKeptMax + 1; at += 1) {
      world.ask(acquire([1, at, at - 1], 'x'));
      world.ask(forceRelease([2, at, at - 1], 'x'));
    }

    const taken = world.table.views.takenFrom(1);
    expect(taken).toHaveLength(lossesKeptMax);
    expect(taken[0]?.token).toBe(2);
  });
});

describe('a theft', () => {
  it('takes the lock from its holder, ahead of all who wait', () => {
    const world = opened();
    const token = tokenOf(world.ask(acquire([1, 1], 'x')));
    world.ask(acquire([3, 1], 'x'));

    expect(world.apply(steal([2, 1], 'x'))).toMatchObject([
      { kind: 'lost', session: 1, token, by },
      { kind: 'granted', session: 2, token: token + 1 },
      { kind: 'answered', session: 2, answer: { kind: 'granted', token: token + 1 } },
    ]);
    expect(world.table.views.inspect('x')?.queue.map(({ session }) => session)).toEqual([3]);
    expect(world.ask(release([2, 2], 'x', token + 1))).toEqual({ kind: 'released' });
    expect(world.table.views.inspect('x')?.holders.map(({ session }) => session)).toEqual([3]);
  });

  it('takes from all readers, and from whom it comes itself', () => {
    const world = opened();
    for (const session of [1, 2, 3]) world.ask(acquireAll([session, 1], read('r')));

    tokenOf(world.ask(steal([2, 2], 'r', 'W')));

    expect(world.table.views.inspect('r')?.holders.map(({ session, mode }) => [session, mode])).toEqual([[2, 'W']]);
  });

  it('takes a free lock as an acquire does', () => {
    const world = opened();

    expect(world.ask(steal([1, 1], 'x'))).toMatchObject({ kind: 'granted' });
  });

  it('is refused for a lock of another kind, and then takes nothing', () => {
    const world = opened();
    world.ask(acquireAll([1, 1], write('w')));

    expect(world.ask(steal([2, 1], 'w'))).toEqual({ kind: 'kind-mismatch', name: 'w', is: 'reader-writer' });
    expect(world.table.views.inspect('w')?.holders).toHaveLength(1);
  });

  it('does not happen once it was given up', () => {
    const world = opened();
    world.ask(acquire([1, 1], 'x'));

    expect(world.ask(cancel([2, 2], 1))).toEqual({ kind: 'cancelled' });
    expect(world.ask(steal([2, 1], 'x'))).toEqual({ kind: 'cancelled' });
    expect(world.table.views.inspect('x')?.holders.map(({ session }) => session)).toEqual([1]);
  });
});

describe('the end of a session by another', () => {
  it('ends what it holds and awaits, and says who did it', () => {
    const world = opened();
    const token = tokenOf(world.ask(acquire([1, 1], 'x')));
    world.ask(acquire([3, 1], 'x'));
    world.ask(acquire([3, 2], 'y'));
    world.ask(acquire([1, 2], 'y'));

    expect(world.apply(endSession([2, 1], 1))).toMatchObject([
      { kind: 'lost', name: 'x', session: 1, token },
      { kind: 'session-ended', session: 1, end: 'closed', by },
      { kind: 'granted', name: 'x', session: 3 },
      { kind: 'answered', session: 3, sequence: 1 },
      { kind: 'answered', session: 2, answer: { kind: 'session-closed' } },
    ]);
    expect(world.ask(acquire([1, 3], 'z'))).toEqual({ kind: 'session-expired' });
  });

  it('is executed once, and not for one that is not there or for itself', () => {
    const world = opened();

    expect(world.ask(endSession([2, 1], 1))).toEqual({ kind: 'session-closed' });
    expect(world.ask(endSession([2, 1], 1))).toEqual({ kind: 'session-closed' });
    expect(world.ask(endSession([2, 2], 1))).toEqual({ kind: 'not-closed', why: 'unknown' });
    expect(world.ask(endSession([2, 3], 2))).toEqual({ kind: 'not-closed', why: 'own' });
    expect([...world.table.views.sessionIds()]).toEqual([2, 3]);
  });
});

describe('a wish that holders let go', () => {
  it('is told of each of them, or of one, and changes nothing', () => {
    const world = opened();
    const tokens = [1, 3].map((session) => tokenOf(world.ask(acquireAll([session, 1], read('r')))));
    const before = world.table.views.inspect('r');

    expect(world.apply(requestRevoke([2, 1], 'r'))).toMatchObject([
      { kind: 'revoke-requested', name: 'r', session: 1, token: tokens[0], by },
      { kind: 'revoke-requested', name: 'r', session: 3, token: tokens[1], by },
      { kind: 'answered', answer: { kind: 'revoke-requested', count: 2, tokens } },
    ]);
    expect(world.ask(requestRevoke([2, 2], 'r', tokens[1]))).toMatchObject({ count: 1, tokens: [tokens[1]] });
    expect(world.ask(requestRevoke([2, 3], 'q'))).toEqual({ kind: 'not-held' });
    expect(world.table.views.inspect('r')).toEqual(before);
  });
});
