import { describe, expect, it } from 'vitest';
import { HoldTimers } from '../../src/node/hold-timers.ts';
import { type Command, defaultTableLimits, type Overdue, Table } from '../../src/table/index.ts';

const holdMsMax = 5_000;
const turn = { session: 1, mark: 0 } as const;
const begun = { ...turn, kind: 'begun', sequence: 2, name: 'x', token: 1 } as const;

/** The timers of a leader whose table has one bounded hold, of an upgradeable read. */
function scene() {
  const table = new Table(defaultTableLimits);
  const proposed: { readonly command: Overdue; readonly refused: () => void }[] = [];
  const timers = new HoldTimers(
    () => table,
    (command, refused) => proposed.push({ command, refused }),
  );
  const apply = (command: Command): void =>
    table.apply(table.appliedIndex + 1, 1, command, (event) => timers.heard(event));
  apply({ kind: 'open', nonce: 'a'.repeat(32), ttlMs: 10_000, home: undefined, label: 'x' });
  apply({
    ...{ ...turn, kind: 'acquire-all', sequence: 1, waits: true, owner: undefined, reenters: false },
    ...{ parts: [{ name: 'x', mode: 'U', permits: 1, limit: 0 }], options: { holdMsMax } },
  });
  const begin = (now: number): void => {
    apply(begun);
    timers.begun(begun, now);
  };
  const tokens = (): readonly number[] => proposed.map(({ command }) => command.token);
  return { table, timers, proposed, apply, begin, tokens };
}

describe('the leader counts the time of a bounded hold', () => {
  it('from when it has begun, to its end and not before', () => {
    const { timers, begin, proposed } = scene();
    timers.lead(true, 0);
    timers.sweep(1_000_000);
    begin(1_000_000);

    timers.sweep(1_000_000 + holdMsMax - 1);
    const early = proposed.length;
    timers.sweep(1_000_000 + holdMsMax);
    timers.sweep(1_000_000 + holdMsMax + 1);

    expect(early).toBe(0);
    expect(proposed.map(({ command }) => command)).toEqual([{ kind: 'overdue', name: 'x', token: 1 }]);
  });

  it('anew, and in full, when it comes to lead', () => {
    const { timers, begin, tokens } = scene();
    begin(0);
    timers.lead(true, 4_000);

    timers.sweep(4_000 + holdMsMax - 1);
    const early = tokens();
    timers.sweep(4_000 + holdMsMax);

    expect(early).toEqual([]);
    expect(tokens()).toEqual([1]);
  });

  it('not anew when the holder says it again, and not at all while it does not lead', () => {
    const { timers, begin, tokens } = scene();
    timers.lead(true, 0);
    begin(0);
    timers.begun(begun, 4_000);
    timers.sweep(holdMsMax);
    expect(tokens()).toEqual([1]);

    timers.lead(false, holdMsMax);
    timers.sweep(10 * holdMsMax);

    expect(tokens()).toEqual([1]);
  });

  it('again after its proposal was refused', () => {
    const { timers, begin, proposed } = scene();
    timers.lead(true, 0);
    begin(0);
    timers.sweep(holdMsMax);

    proposed[0]?.refused();
    timers.sweep(holdMsMax + 1);

    expect(proposed).toHaveLength(2);
  });

  it('of a hold that has ended no more', () => {
    const { timers, begin, apply, tokens } = scene();
    timers.lead(true, 0);
    begin(0);

    apply({ ...turn, kind: 'release', sequence: 3, name: 'x', token: 1 });
    timers.sweep(holdMsMax);

    expect(tokens()).toEqual([]);
  });

  it('on over an upgrade, and proposes once more what the upgrade has made void', () => {
    const { table, timers, begin, apply, tokens, proposed } = scene();
    timers.lead(true, 0);
    begin(0);
    timers.sweep(holdMsMax);

    apply({ ...turn, kind: 'upgrade', sequence: 3, name: 'x', token: 1, waits: true });
    for (const { command } of proposed) apply(command);
    const isHeld = table.views.inspect('x') !== undefined;
    timers.sweep(holdMsMax + 1);
    for (const { command } of proposed) apply(command);

    expect(isHeld).toBe(true);
    expect(tokens()).toEqual([1, 2]);
    expect(table.views.inspect('x')).toBeUndefined();
  });
});
