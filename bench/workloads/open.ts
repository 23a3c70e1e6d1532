import { sleepUntil } from '../clock.ts';
import type { Metric } from '../figures.ts';
import { runLoad, windowOf } from './load.ts';
import { note, type Round, type Workload } from './round.ts';

const parts = [0.5, 0.9] as const;

/** As wide as the load that capacity is measured with. */
const capacityWidth = 256;

/** Load that comes when it comes, at parts of what this subject can carry as measured just before. */
export const open: Workload = {
  name: 'open',
  about: 'pairs due at 50 % and 90 % of the capacity measured just before, latency from the time each was due',
  run: async (round) => {
    const capacity = await capacityOf(round);
    for (const part of parts) await measure(round, part, capacity * part);
  },
};

/** Pairs/s at the leader, many at once. */
export async function capacityOf(round: Round): Promise<number> {
  const leader = await round.arena.at('leader');
  const workers = new Map([[leader, capacityWidth]]);
  const { reports, seconds } = await runLoad(round, { workers, naming: 'distinct', name: 'bench/capacity' });
  const pairs = reports.reduce((sum, report) => sum + report.pairs, 0);
  if (pairs === 0) throw new Error('no pair was done in the window, so there is no capacity to take parts of');
  return pairs / seconds;
}

async function measure(round: Round, part: number, ratePerS: number): Promise<void> {
  const leader = await round.arena.at('leader');
  const window = windowOf(round);
  const { pair, late, due, dropped, troubles, trouble } = await leader.ask('open', {
    ...window,
    ...{ ratePerS, name: 'bench/open' },
  });
  if (troubles > 0) throw new Error(`${troubles} of ${due} requests failed; the first: ${trouble}`);
  const metric = (figure: string, unit: string): Metric => ({
    ...{ workload: 'open', point: `leader at ${part * 100} %`, figure, unit, better: 'lower' },
  });
  note(round, { ...metric('rate', '/s'), better: 'higher' }, ratePerS);
  note(round, metric('pair p50', 'ms'), pair.p50);
  note(round, metric('pair p99', 'ms'), pair.p99);
  note(round, metric('pair max', 'ms'), pair.max);
  note(round, metric('begun late p99', 'ms'), late.p99);
  note(round, metric('dropped', ''), dropped);
  await sleepUntil(window.untilMs);
}
