import { describe, expect, it } from 'vitest';
import { Deadlines } from '../../src/node/deadlines.ts';
import { defaultTableLimits, Table } from '../../src/table/index.ts';

const ttlMs = 5_000;
const beat = { session: 1, counter: 7 };

/** The deadlines of a leader whose table knows session 1. */
function leading() {
  const table = new Table(defaultTableLimits);
  table.apply(1, 1, { kind: 'open', nonce: 'a'.repeat(32), ttlMs, home: undefined, label: 'x' }, () => {});
  const expiries: (() => void)[] = [];
  const rounds: number[] = [];
  const deadlines = new Deadlines(() => table, 1_000_000, {
    expire: (_session, _version, refused) => expiries.push(refused),
    confirm: (id) => rounds.push(id),
  });
  deadlines.lead(true, 0);
  const acknowledged: unknown[] = [];
  const heard = (now: number): void => {
    deadlines.beat([beat], (beats) => acknowledged.push(...beats));
    deadlines.flush(now);
  };
  return { deadlines, expiries, rounds, acknowledged, heard };
}

describe('a heartbeat', () => {
  it('is acknowledged once the round that was sent after it is answered', () => {
    const { deadlines, rounds, acknowledged, heard } = leading();

    heard(10);
    const before = [...acknowledged];
    deadlines.confirmed(rounds[0] ?? 0, 20);

    expect(before).toEqual([]);
    expect(acknowledged).toEqual([beat]);
  });

  it('is not acknowledged when the expiry of its session was proposed while the round was under way (S85)', () => {
    const { deadlines, rounds, expiries, acknowledged, heard } = leading();

    heard(ttlMs - 1);
    deadlines.sweep(ttlMs);
    deadlines.confirmed(rounds[0] ?? 0, ttlMs + 1);

    expect(expiries).toHaveLength(1);
    expect(acknowledged).toEqual([]);
  });

  it('asks for no round while the expiry of its session is proposed, and does again once that was refused', () => {
    const { deadlines, rounds, expiries, heard } = leading();
    deadlines.sweep(ttlMs);

    heard(ttlMs + 1);
    const meanwhile = rounds.length;
    expiries[0]?.();
    heard(ttlMs + 2);

    expect(meanwhile).toBe(0);
    expect(rounds).toHaveLength(1);
  });
});

describe('a pile of silent sessions (S86)', () => {
  it('expires in portions, each after the former was decided', () => {
    const table = new Table(defaultTableLimits);
    const count = 10_000;
    for (let number = 1; number <= count; number += 1) {
      const nonce = number.toString(16).padStart(32, '0');
      table.apply(number, 1, { kind: 'open', nonce, ttlMs, home: undefined, label: 'x' }, () => {});
    }
    const proposed: number[] = [];
    const deadlines = new Deadlines(() => table, 1_000_000, {
      expire: (session) => proposed.push(session),
      confirm: () => {},
    });
    deadlines.lead(true, 0);

    deadlines.sweep(ttlMs - 1);
    const early = proposed.length;
    deadlines.sweep(ttlMs);
    deadlines.sweep(ttlMs + 100);
    const first = [...proposed];
    for (const session of first) deadlines.ended(session);
    deadlines.sweep(ttlMs + 200);

    expect(early).toBe(0);
    expect(first.length).toBeLessThan(count / 100);
    expect(proposed).toHaveLength(2 * first.length);
    expect(new Set(proposed).size).toBe(proposed.length);
  });
});
