import type { Metric } from '../figures.ts';
import type { LoadReport } from '../station/messages.ts';
import type { Place } from '../subjects/subject.ts';
import { type LoadOutcome, runLoad } from './load.ts';
import { note, type Round, type Workload } from './round.ts';

/** Above this the figures of one place say enough. */
const widthMaxElsewhere = 256;

/** Acquire and release of distinct names, from one at a time to many at once, at each place. */
export const pairs: Workload = {
  name: 'pairs',
  about: 'acquire + release of distinct names at leader, follower and remote client, one at a time to 1,024 at once',
  run: async (round) => {
    const { places, widthMax = Number.POSITIVE_INFINITY } = round.subject;
    for (const width of round.settings.widths.filter((each) => each <= widthMax)) {
      for (const place of places) {
        if (place === 'leader' || width <= widthMaxElsewhere) await measure(round, place, width);
      }
    }
  },
};

/** On a machine that is busy with other things, a short window may pass without a pair. */
const attemptsMax = 3;

async function measure(round: Round, place: Place, width: number): Promise<void> {
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    const outcome = await load(round, place, width);
    const [report] = outcome.reports;
    if (report === undefined || report.pairs === 0) continue;
    tell(round, metricAt(`${place} x ${width}`), { report, outcome });
    return;
  }
  throw new Error(`no pair was done at the ${place} in ${attemptsMax} windows of ${round.settings.windowMs} ms`);
}

/** The same names in every round: what a service keeps of a name that it saw must not grow from round to round. */
async function load(round: Round, place: Place, width: number): Promise<LoadOutcome> {
  const station = await round.arena.at(place);
  return await runLoad(round, { workers: new Map([[station, width]]), naming: 'distinct', name: `bench/${place}` });
}

const metricAt =
  (point: string) =>
  (figure: string, unit: string, better: Metric['better'] = 'lower'): Metric => ({
    ...{ workload: 'pairs', point, figure, unit, better },
  });

function tell(
  round: Round,
  metric: ReturnType<typeof metricAt>,
  { report, outcome }: { readonly report: LoadReport; readonly outcome: LoadOutcome },
): void {
  const { pairs: count, pair, acquire } = report;
  const { cost, seconds, loopDelayMs } = outcome;
  note(round, metric('pairs/s', '/s', 'higher'), count / seconds);
  note(round, metric('acquire p50', 'ms'), acquire.p50);
  note(round, metric('pair p50', 'ms'), pair.p50);
  note(round, metric('pair p99', 'ms'), pair.p99);
  note(round, metric('loop delay p99', 'ms'), loopDelayMs);
  if (cost.cpuUs !== undefined) note(round, metric('CPU/pair', 'us'), cost.cpuUs / count);
  if (cost.flushes !== undefined) note(round, metric('flushes/pair', ''), cost.flushes / count);
}
