import { describe, expect, it } from 'vitest';
import { commandTuple, parseCommand } from '../../src/table/index.ts';
import { endSession, forceRelease, steal } from './orders.ts';
import {
  acquire,
  acquireAll,
  cancel,
  downgrade,
  guarded,
  permits,
  readUpgradeable,
  release,
  tokenOf,
  upgrade,
  World,
} from './world.ts';

/** Session 1 holds `g` with token 1; session 2 is there. */
function held(): World {
  const world = new World();
  world.open(1);
  world.open(2);
  world.ask(acquire([1, 1], 'g'));
  return world;
}

const guard = { name: 'g', token: 1 };

const fenced = { kind: 'fenced', highest: 0 };

describe('a guarded request', () => {
  it('is executed while the hold is current, whoever has it', () => {
    const world = held();

    expect(world.ask(guarded(guard, acquire([2, 1], 'x')))).toMatchObject({ kind: 'granted', token: 2 });
    expect(world.ask(guarded(guard, acquire([1, 2], 'y')))).toMatchObject({ kind: 'granted', token: 3 });
  });

  it.each([
    ['of another lock', { name: 'h', token: 1 }],
    ['of another grant', { name: 'g', token: 2 }],
  ])('is not executed under a token %s', (_name, wrong) => {
    const world = held();
    world.ask(acquire([2, 1], 'h'));

    expect(world.ask(guarded(wrong, acquire([2, 2], 'x')))).toEqual(fenced);
    expect(world.table.views.inspect('x')).toBeUndefined();
  });

  it('is not executed once the hold was released, was lost with its session, or was upgraded', () => {
    const world = held();
    const lost = { name: 'u', token: tokenOf(world.ask(acquireAll([2, 1], readUpgradeable('u')))) };
    world.ask(release([1, 2], 'g', 1));
    const afterRelease = world.ask(guarded(guard, acquire([1, 3], 'x')));
    world.ask(upgrade([2, 2], lost));
    const afterUpgrade = world.ask(guarded(lost, acquire([1, 4], 'x')));
    world.apply({ kind: 'close', session: 2 });
    const afterLoss = world.ask(guarded({ ...lost, token: lost.token + 1 }, acquire([1, 5], 'x')));

    expect([afterRelease, afterUpgrade, afterLoss]).toEqual([fenced, fenced, fenced]);
  });

  it('is judged by its own permit, whatever higher ones there are', () => {
    const world = held();
    const low = tokenOf(world.ask(acquireAll([1, 2], permits('s', 1, 2))));
    const high = tokenOf(world.ask(acquireAll([2, 1], permits('s', 1, 2))));
    world.ask(release([2, 2], 's', high));

    expect(world.ask(guarded({ name: 's', token: high }, acquire([2, 3], 'x')))).toEqual(fenced);
    expect(world.ask(guarded({ name: 's', token: low }, acquire([2, 4], 'x')))).toMatchObject({ kind: 'granted' });
  });

  it('waits like any other, is granted even if the guard has gone meanwhile, and can be cancelled', () => {
    const world = held();
    world.ask(acquire([2, 1], 'x'));
    const waits = world.ask(guarded(guard, acquire([1, 2], 'x')));
    const dropped = world.ask(guarded(guard, acquire([1, 3], 'x')));
    const cancelled = world.ask(cancel([1, 4], 3));
    world.ask(release([1, 5], 'g', 1));
    world.restart();
    const events = world.apply(release([2, 2], 'x', 2));

    expect([waits.kind, dropped.kind, cancelled.kind]).toEqual(['queued', 'queued', 'cancelled']);
    expect(events).toContainEqual({ kind: 'granted', name: 'x', session: 1, token: 3 });
    expect(world.ask(guarded(guard, acquire([1, 2], 'x')))).toMatchObject({ kind: 'granted', token: 3 });
  });

  it('that a cancel overtook is never executed', () => {
    const world = held();
    world.ask(cancel([1, 3], 2));

    expect(world.ask(guarded(guard, acquire([1, 2], 'x')))).toEqual({ kind: 'cancelled' });
    expect(world.table.views.inspect('x')).toBeUndefined();
  });

  it('is answered once: the same answer to the same, a mismatch to anything else, also after a restart', () => {
    const world = held();
    const request = acquire([1, 2], 'x');
    const first = world.ask(guarded(guard, request));
    world.ask(release([1, 3], 'g', 1));
    world.restart();

    expect(world.ask(guarded(guard, request))).toEqual(first);
    expect(world.ask(guarded({ ...guard, token: 2 }, request))).toEqual({ kind: 'mismatch' });
    expect(world.ask(guarded({ ...guard, name: 'h' }, request))).toEqual({ kind: 'mismatch' });
    expect(world.ask(guarded(guard, acquire([1, 2], 'y')))).toEqual({ kind: 'mismatch' });
    expect(world.ask(request)).toEqual({ kind: 'mismatch' });
  });

  it('that was fenced stays so under its sequence', () => {
    const world = held();
    const early = guarded({ name: 'x', token: 2 }, acquire([1, 2], 'y'));
    const first = world.ask(early);
    world.ask(acquire([2, 1], 'x'));

    expect([first, world.ask(early)]).toEqual([fenced, fenced]);
  });

  it('may be what operators ask, the end of a session included', () => {
    const world = held();
    world.open(3);
    world.ask(acquire([2, 1], 'x'));
    const stolen = world.ask(guarded(guard, steal([1, 2], 'x')));
    const again = world.ask(guarded(guard, steal([1, 2], 'x')));
    const closed = world.ask(guarded(guard, endSession([1, 3], 2)));
    world.ask(release([1, 4], 'g', 1));
    const late = [forceRelease([1, 5], 'x'), endSession([1, 6], 3)].map((order) => world.ask(guarded(guard, order)));

    expect(stolen).toMatchObject({ kind: 'granted', token: 3 });
    expect([again, closed]).toEqual([stolen, { kind: 'session-closed' }]);
    expect(late).toEqual([fenced, fenced]);
    expect(world.table.views.sessions().map(({ session }) => session)).toEqual([1, 3]);
    expect([...world.table.views.holdsOf(1)]).toMatchObject([{ name: 'x', token: 3 }]);
  });

  it('may be any request of a session but another guarded one, a write of a register included', () => {
    const inner = downgrade([1, 2, 1], { name: 'w', token: 7 }, 'R');
    const nested = [40, 'h', 3, ...commandTuple(guarded(guard, inner))];

    expect(parseCommand(commandTuple(guarded(guard, inner)))).toEqual(guarded(guard, inner));
    expect(parseCommand(nested)).toMatchObject({ kind: 'malformed', reason: expect.stringContaining('guarded') });
    for (const command of [[3, 1], [4, 1, 0], [1, 'n', 'a'.repeat(32), 1, 'b'], [], [41, 1, 1, 0, 'k', 'v']]) {
      expect(parseCommand([40, 'g', 1, ...command])).toMatchObject({ kind: 'malformed' });
    }
    expect(parseCommand([40, 'g', 0, ...commandTuple(inner)])).toMatchObject({ kind: 'malformed' });
    expect(parseCommand([40, '', 1, ...commandTuple(inner)])).toMatchObject({ kind: 'malformed' });
  });
});
