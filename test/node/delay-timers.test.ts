import { describe, expect, it } from 'vitest';
import { DelayTimers } from '../../src/node/delay-timers.ts';
import { type Command, type DelayOver, defaultTableLimits, Table } from '../../src/table/index.ts';
import type { SimulatedCluster } from '../../src/testing/index.ts';
import { openOn, readyCluster, type TestClient } from './client.ts';

const delayMs = 5_000;
const turn = { session: 1, mark: 0 } as const;
const by = { actor: 'ann', reason: 'it hangs' } as const;

/** The timers of a leader whose table has two permits of one semaphore, held with a delay. */
function scene() {
  const table = new Table(defaultTableLimits);
  const proposed: { readonly command: DelayOver; readonly refused: () => void }[] = [];
  const timers = new DelayTimers(
    () => table,
    (command, refused) => proposed.push({ command, refused }),
  );
  const applyAt = (now: number, command: Command): void =>
    table.apply(table.appliedIndex + 1, 1, command, (event) => timers.heard(event, now));
  applyAt(0, { kind: 'open', nonce: 'a'.repeat(32), ttlMs: 10_000, home: undefined, label: 'x' });
  for (const sequence of [1, 2]) {
    applyAt(0, {
      ...{ ...turn, kind: 'acquire-all', sequence, waits: true, owner: undefined, reenters: false },
      ...{ parts: [{ name: 's', mode: 'S', permits: 1, limit: 2 }], options: { delayMs } },
    });
  }
  let sequence = 10;
  const force = (now: number, token: number | undefined): void => {
    sequence += 1;
    applyAt(now, { ...turn, ...by, kind: 'force-release', sequence, name: 's', token });
  };
  const tokens = (): readonly number[] => proposed.map(({ command }) => command.token);
  return { table, timers, proposed, force, tokens };
}

describe('the leader counts a delay', () => {
  it('from when it has executed the end of the hold, to its end and not before, once', () => {
    const { timers, force, proposed } = scene();
    timers.lead(true, 0);
    force(1_000, 1);

    timers.sweep(1_000 + delayMs - 1);
    const early = proposed.length;
    timers.sweep(1_000 + delayMs);
    timers.sweep(1_000 + delayMs + 1);

    expect(early).toBe(0);
    expect(proposed.map(({ command }) => command)).toEqual([{ kind: 'delay-over', name: 's', token: 1 }]);
  });

  it('anew, and in full, when it comes to lead, and not at all while it does not', () => {
    const { timers, force, tokens } = scene();
    force(0, 1);
    timers.sweep(10 * delayMs);
    timers.lead(true, 4_000);

    timers.sweep(4_000 + delayMs - 1);
    const early = tokens();
    timers.lead(false, 4_000 + delayMs);
    timers.sweep(10 * delayMs);
    const never = tokens();
    timers.lead(true, 20 * delayMs);
    timers.sweep(21 * delayMs);

    expect([early, never, tokens()]).toEqual([[], [], [1]]);
  });

  it('again after its proposal was refused', () => {
    const { timers, force, proposed } = scene();
    timers.lead(true, 0);
    force(0, 1);
    timers.sweep(delayMs);

    proposed[0]?.refused();
    timers.sweep(delayMs + 1);

    expect(proposed).toHaveLength(2);
  });

  it('anew when another hold of the name leaves one, and no more once somebody has ended it', () => {
    const { table, timers, force, tokens } = scene();
    timers.lead(true, 0);
    force(0, 1);
    force(3_000, 2);
    timers.sweep(3_000 + delayMs - 1);
    const early = tokens();
    force(3_000 + delayMs - 1, 2);

    timers.sweep(3_000 + delayMs);

    expect([early, tokens()]).toEqual([[], []]);
    expect(table.views.inspect('s')).toBeUndefined();
  });
});

/** A client that holds `x` with a delay and then is heard of no more, and one that waits for it. */
function lostAt(cluster: SimulatedCluster, [first, second]: readonly [string, string]) {
  const holder = openOn(cluster, first, 1, { ttlMs: 2_000, isHome: false });
  const rival = openOn(cluster, second, 2, { ttlMs: 3_600_000 });
  cluster.runtime(first).submit({
    ...{ kind: 'acquire-all', session: holder.session, sequence: 1, mark: 0, waits: true },
    ...{ owner: undefined, reenters: false, options: { delayMs: 20_000 } },
    parts: [{ name: 'x', mode: 'X', permits: 1, limit: 0 }],
  });
  cluster.time.until(() => holder.answers.get(1)?.kind === 'granted', 5_000, 'x is granted');
  const waiting = rival.acquire('x');
  cluster.time.until(() => delayAt(cluster, second) !== undefined, 10_000, 'the session expires');
  return { rival, waiting, lostAt: cluster.time.now };
}

const delayAt = (cluster: SimulatedCluster, nodeId: string): number | null | undefined => {
  let seen: number | null | undefined;
  cluster.runtime(nodeId).query({ kind: 'inspect', name: 'x', consistency: 'local' }, (outcome) => {
    const view = outcome.ok ? (outcome.value as { readonly lockDelay: number | null } | null) : null;
    seen = view?.lockDelay ?? undefined;
  });
  cluster.time.advance(1);
  return seen;
};

const untilGranted = (cluster: SimulatedCluster, rival: TestClient, waiting: number): number => {
  cluster.time.until(() => rival.answers.get(waiting)?.kind === 'granted', 120_000, 'the rival is granted');
  return cluster.time.now;
};

describe('a name whose holder was heard of no more', () => {
  it('is granted to who waits, once the delay has passed and soon after', () => {
    const { cluster, followers } = readyCluster();
    const { rival, waiting, lostAt: at } = lostAt(cluster, followers);

    const passed = untilGranted(cluster, rival, waiting) - at;

    expect(passed).toBeGreaterThan(20_000 - 1_000);
    expect(passed).toBeLessThan(20_000 + 1_000);
  });

  it('is in delay for the whole time again after a change of leader, and no longer', () => {
    const { cluster, leader, followers } = readyCluster();
    const { rival, waiting } = lostAt(cluster, followers);
    cluster.time.advance(15_000);
    cluster.kill(leader);
    const killedAt = cluster.time.now;

    const passed = untilGranted(cluster, rival, waiting) - killedAt;

    expect(passed).toBeGreaterThan(20_000);
    expect(passed).toBeLessThan(30_000);
  });
});
