import { describe, expect, it } from 'vitest';
import type { ConversionOutcome } from '../../src/conversion.ts';
import type { Hold } from '../../src/hold.ts';
import type { Mode } from '../../src/table/index.ts';
import type { Process } from './process.ts';
import { ttlMs, world } from './process.ts';

/** What is held of `x` by that process once the clock has gone on. */
const acquire = (process: Process, mode: Mode): { hold?: Hold } => {
  const asked: { hold?: Hold } = {};
  process.engine.acquire(
    { name: 'x', parts: [{ name: 'x', mode, permits: 1, limit: 0 }], waits: true, limitMs: undefined },
    (outcome) => {
      if (outcome.kind === 'granted') asked.hold = outcome.hold;
    },
  );
  return asked;
};

const held = ({ hold }: { hold?: Hold }): Hold => {
  if (hold === undefined) throw new Error('not granted');
  return hold;
};

const wordFor = (outcome: ConversionOutcome): string =>
  outcome.kind === 'given-up' ? `given-up:${outcome.why.kind}:${outcome.outcome}` : outcome.kind;

const upgrade = { to: 'W', waits: true, limitMs: undefined } as const;

/** An upgradeable hold beside a reader. */
const furnished = () => {
  const { clock, cluster, process } = world();
  const [one, other, third] = [process(), process(), process()];
  const reader = acquire(other, 'R');
  const upgradeable = acquire(one, 'U');
  clock.pass(10);
  const told: string[] = [];
  const holders = () => cluster.table.views.inspect('x')?.holders.map(({ mode, token }) => [mode, token]) ?? [];
  return { clock, cluster, one, third, reader: held(reader), hold: held(upgradeable), told, holders };
};

describe('an upgrade', () => {
  it('that was granted when it was given up is taken back: the hold stays upgradeable, under the new token', () => {
    const { clock, one, reader, hold, told, holders } = furnished();
    const former = hold.token;
    one.gateway.losesAnswersTo = 2;
    const conversion = hold.convert(upgrade, (outcome) => told.push(wordFor(outcome)));
    clock.pass(10);
    reader.release(() => undefined);
    clock.pass(10);

    conversion.giveUp({ kind: 'timeout' });
    clock.pass(100);

    expect(told).toEqual(['given-up:timeout:applied']);
    expect(hold.token).toBeGreaterThan(former);
    expect([hold.mode, hold.isHeld, hold.isConverting]).toEqual(['U', true, false]);
    expect(holders()).toEqual([['U', hold.token]]);
  });

  it('that is given up without an answer stays unknown, and is taken back once the cluster is heard again', () => {
    const { clock, one, reader, hold, told, holders } = furnished();
    const conversion = hold.convert(upgrade, (outcome) => told.push(wordFor(outcome)));
    clock.pass(10);
    one.gateway.cut();
    reader.release(() => undefined);
    conversion.giveUp({ kind: 'timeout' });
    clock.pass(50);
    const toldMeanwhile = [...told];

    one.gateway.heal();
    clock.pass(100);

    expect(toldMeanwhile).toEqual(['given-up:timeout:unknown']);
    expect(told).toEqual(toldMeanwhile);
    expect(hold.mode).toBe('U');
    expect(holders()).toEqual([['U', hold.token]]);
  });

  it('that is granted while the hold is released is released with it, whatever its token', () => {
    const { clock, one, third, reader, hold, told, holders } = furnished();
    one.gateway.losesAnswersTo = 2;
    hold.convert(upgrade, (outcome) => told.push(wordFor(outcome)));
    clock.pass(10);
    reader.release(() => undefined);
    clock.pass(10);

    hold.release((outcome) => told.push(outcome.kind));
    clock.pass(100);
    const next = acquire(third, 'W');
    clock.pass(10);

    expect(told).toEqual(['given-up:abort:applied', 'released']);
    expect(holders()).toEqual([['W', held(next).token]]);
  });

  it('is asked for after the one before is settled, and a release after both', () => {
    const { clock, one, third, reader, hold, told, holders } = furnished();
    one.gateway.cut();
    hold.convert(upgrade, (outcome) => told.push(wordFor(outcome))).giveUp({ kind: 'timeout' });
    clock.pass(50);
    hold.convert({ ...upgrade, limitMs: 20 }, (outcome) => told.push(wordFor(outcome)));
    clock.pass(50);
    hold.release((outcome) => told.push(outcome.kind));
    reader.release(() => undefined);
    clock.pass(50);
    const toldMeanwhile = [...told];

    one.gateway.heal();
    clock.pass(100);
    const next = acquire(third, 'W');
    clock.pass(10);

    expect(toldMeanwhile).toEqual(['given-up:timeout:unknown', 'given-up:timeout:not-applied']);
    expect(told).toEqual([...toldMeanwhile, 'released']);
    expect(holders()).toEqual([['W', held(next).token]]);
  });

  it('ends with its session: the loss of the hold is what it comes to', () => {
    const { clock, one, hold, told } = furnished();
    hold.convert(upgrade, (outcome) => told.push(outcome.kind === 'failed' ? outcome.error.message : outcome.kind));
    clock.pass(10);

    one.gateway.cut();
    clock.pass(2 * ttlMs);

    expect(told).toEqual([expect.stringContaining('lost')]);
    expect([hold.isHeld, hold.isConverting]).toEqual([false, false]);
  });
});

describe('a downgrade', () => {
  it('gives up an upgrade that waits', () => {
    const { clock, reader, hold, told, holders } = furnished();
    hold.convert(upgrade, (outcome) => told.push(wordFor(outcome)));
    clock.pass(10);

    hold.convert({ to: 'R', limitMs: ttlMs }, (outcome) => told.push(wordFor(outcome)));
    clock.pass(10);

    expect(told).toEqual(['given-up:abort:not-applied', 'granted']);
    expect(holders()).toEqual([
      ['R', reader.token],
      ['R', hold.token],
    ]);
  });

  it('is felt at the call, before the cluster has heard of it', () => {
    const { clock, cluster, process } = world();
    const writer = acquire(process(), 'W');
    clock.pass(10);
    const hold = held(writer);
    const { token } = hold;
    const told: string[] = [];

    hold.convert({ to: 'R', limitMs: ttlMs }, (outcome) => told.push(wordFor(outcome)));
    const modes = [hold.mode, cluster.table.views.inspect('x')?.holders[0]?.mode];
    clock.pass(10);

    expect(modes).toEqual(['R', 'W']);
    expect([hold.token, told]).toEqual([token, ['granted']]);
    expect(cluster.table.views.inspect('x')?.holders).toMatchObject([{ mode: 'R', token }]);
  });
});
