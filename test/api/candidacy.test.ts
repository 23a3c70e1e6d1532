import { describe, expect, it } from 'vitest';
import { Candidacy } from '../../src/candidacy.ts';
import type { Hold } from '../../src/hold.ts';
import type { Process } from './process.ts';
import { ttlMs, world } from './process.ts';

const retryDelayMs = 1_000;

/** Somebody who leads as long as the test likes, and what he lived through. */
class Leader {
  readonly lived: string[] = [];
  readonly candidacy: Candidacy;
  hold: Hold | undefined;
  fatal: { readonly error: unknown } | undefined;
  end: (failure?: { readonly error: unknown }) => void = () => undefined;

  constructor(process: Process, clock: ReturnType<typeof world>['clock'], again = true) {
    const parts = [{ name: 'x', mode: 'X', permits: 1, limit: 0 }] as const;
    const wish = { name: 'x', parts, options: { metadata: 'value' } };
    this.candidacy = new Candidacy(
      { wish, again, retryDelayMs },
      { engine: process.engine, clock },
      {
        leads: (hold, ended) => {
          this.hold = hold;
          this.end = ended;
          this.lived.push('leads');
        },
        stops: () => this.lived.push('is to stop'),
        failed: (error) => {
          this.lived.push(`failed: ${wordFor(error)}`);
          return this.fatal;
        },
        over: (failure) => this.lived.push(failure === undefined ? 'over' : `over: ${wordFor(failure.error)}`),
      },
    );
    this.candidacy.begin();
  }
}

const wordFor = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error);

const furnished = (again = true) => {
  const { clock, cluster, process, holders } = world();
  const [one, other] = [process(), process()];
  const leader = new Leader(one, clock, again);
  clock.pass(10);
  return { clock, cluster, one, other, leader, process, holders };
};

describe('a candidate', () => {
  it('leads until it says that its term has ended, and rests before it campaigns again', () => {
    const { clock, other, leader, holders } = furnished();
    const next = other.acquire('x');
    clock.pass(10);
    const before = next.summary;

    leader.end();
    clock.pass(10);
    const granted = next.summary;
    next.hold.release(() => undefined);
    clock.pass(10);
    const resting = holders('x').length;
    clock.pass(retryDelayMs);

    expect([before, granted, resting]).toEqual(['open', 'granted', 0]);
    expect(leader.lived).toEqual(['leads', 'leads']);
    expect(holders('x')).toEqual([leader.hold?.token]);
  });

  it('needs no rest after a long term', () => {
    const { clock, leader } = furnished();
    clock.pass(retryDelayMs);

    leader.end();
    clock.pass(10);

    expect(leader.lived).toEqual(['leads', 'leads']);
  });

  it('rests for longer with each failure in a row, and no longer than half a minute', () => {
    const { clock, leader } = furnished();
    const rests: number[] = [];
    for (let failures = 1; failures <= 8; failures += 1) {
      const terms = leader.lived.filter((word) => word === 'leads').length;
      leader.end({ error: failures });
      let restMs = 0;
      while (leader.lived.filter((word) => word === 'leads').length === terms) {
        clock.pass(100);
        restMs += 100;
      }
      rests.push(Math.round(restMs / 1_000));
    }

    expect(rests).toEqual([1, 2, 4, 8, 16, 30, 30, 30]);
  });

  it('forgets its failures once a term went well', () => {
    const { clock, leader } = furnished();
    for (const failure of [{ error: 1 }, { error: 2 }, undefined, { error: 3 }]) {
      leader.end(failure);
      clock.pass(2 * retryDelayMs + 20);
    }
    leader.end({ error: 4 });
    clock.pass(2 * retryDelayMs - 20);

    expect(leader.lived.at(-1)).toBe('failed: 4');
    clock.pass(100);
    expect(leader.lived.at(-1)).toBe('leads');
  });

  it('is told to stop, and resigns once it has', () => {
    const { clock, other, leader } = furnished();
    const next = other.acquire('x');
    clock.pass(10);

    leader.candidacy.stop();
    clock.pass(5_000);
    const meanwhile = [next.summary, leader.hold?.isHeld];
    leader.end();
    clock.pass(10);

    expect(meanwhile).toEqual(['open', true]);
    expect(leader.lived).toEqual(['leads', 'is to stop', 'over']);
    expect(next.summary).toBe('granted');
  });

  it('gives up its campaign when it is stopped', () => {
    const { clock, other, process, leader, holders } = furnished();
    const second = new Leader(process(), clock);
    clock.pass(10);

    second.candidacy.stop();
    clock.pass(10);
    leader.end();
    clock.pass(10);

    expect(second.lived).toEqual(['over']);
    expect(holders('x')).toEqual([]);
    expect(other.told).toEqual([]);
  });

  it('needs not wait out its rest when it is stopped', () => {
    const { clock, leader } = furnished();
    leader.end();
    clock.pass(10);

    leader.candidacy.stop();
    const atOnce = [...leader.lived];
    clock.pass(10 * retryDelayMs);

    expect(atOnce).toEqual(['leads', 'over']);
    expect(leader.lived).toEqual(atOnce);
  });

  it('that has lost its lease campaigns again only when its term has ended', () => {
    const { clock, one, other, leader } = furnished();
    const former = leader.hold;
    const next = other.acquire('x');
    one.gateway.cut();
    clock.pass(2 * ttlMs);
    const whenLost = [next.summary, former?.isHeld, former?.loss?.code];
    one.gateway.heal();
    clock.pass(5_000);
    const waiting = leader.lived.length;
    next.hold.release(() => undefined);
    clock.pass(10);

    leader.end();
    clock.pass(retryDelayMs);

    expect(whenLost).toEqual(['granted', false, 'LOCK_LOST']);
    expect(waiting).toBe(1);
    expect(leader.lived).toEqual(['leads', 'leads']);
    expect(leader.hold?.token).toBeGreaterThan(former?.token ?? 0);
  });

  it('campaigns again after an error that may pass, and says so', () => {
    const { clock, process } = world();
    const one = process();
    one.gateway.refusal = { ok: false, failure: { code: 'CONNECTION', text: 'nobody there' } };
    const leader = new Leader(one, clock);
    clock.pass(10);
    one.gateway.refusal = undefined;
    clock.pass(retryDelayMs + 10);

    expect(leader.lived).toEqual(['failed: CONNECTION', 'leads']);
  });

  it('ends with an error that will not pass, or that its listener calls the end', () => {
    const { clock, process } = world();
    const [one, other] = [process(), process()];
    one.gateway.refusal = { ok: false, failure: { code: 'BACKEND', text: 'gone' } };
    const [first, second] = [new Leader(one, clock), new Leader(other, clock)];
    clock.pass(10);
    second.fatal = { error: 'the end' };
    second.end({ error: 'a failure' });
    clock.pass(10 * retryDelayMs);

    expect(first.lived).toEqual(['over: BACKEND']);
    expect(second.lived).toEqual(['leads', 'failed: a failure', 'over: the end']);
  });

  it('that is not to campaign again ends after one term, with its error or its loss', () => {
    const well = furnished(false);
    well.leader.end();
    well.clock.pass(10 * retryDelayMs);
    const badly = furnished(false);
    badly.leader.end({ error: 'mine' });
    badly.clock.pass(10 * retryDelayMs);
    const lost = furnished(false);
    lost.one.gateway.cut();
    lost.clock.pass(2 * ttlMs);
    lost.leader.end();
    lost.clock.pass(10 * retryDelayMs);

    expect(well.leader.lived).toEqual(['leads', 'over']);
    expect(badly.leader.lived).toEqual(['leads', 'over: mine']);
    expect(lost.leader.lived).toEqual(['leads', 'over: LOCK_LOST']);
  });

  it('does not wait once its process asks nothing any more, and ends with the reason', () => {
    const resting = furnished();
    resting.leader.end({ error: 'a failure' });
    resting.clock.pass(10);
    resting.one.engine.close(() => undefined);
    const leading = furnished();
    leading.one.engine.close(() => undefined);
    const before = [...leading.leader.lived];
    leading.leader.end();

    expect(resting.leader.lived).toEqual(['leads', 'failed: a failure', 'over: SHUTTING_DOWN']);
    expect(before).toEqual(['leads']);
    expect(leading.leader.lived).toEqual(['leads', 'over: SHUTTING_DOWN']);
  });

  it('hears the end of a term once', () => {
    const { clock, leader } = furnished();
    const { end } = leader;

    end();
    end({ error: 'late' });
    clock.pass(2 * retryDelayMs);
    end();
    clock.pass(2 * retryDelayMs);

    expect(leader.lived).toEqual(['leads', 'leads']);
  });
});
