import { nowMs } from '../clock.ts';
import type { Metric } from '../figures.ts';
import { bytesBelow } from '../processes/disk.ts';
import { growth } from '../statistics.ts';
import { figureText } from '../text-table.ts';
import { capacityOf } from './open.ts';
import { note, type Round, type Workload } from './round.ts';

/** A look at the cluster this often. */
const intervalMs = 10_000;

/** What one interval of a soak shows. */
interface Look {
  readonly p50: number;
  readonly p99: number;
  /** Of the node with the most. */
  readonly usedBytes: number;
  readonly diskBytes: number;
}

/** Half of the capacity for a long time: what grows? */
export const soak: Workload = {
  name: 'soak',
  about: 'pairs at half of the capacity at the leader for --minutes: does latency, memory or disk grow? Only by name',
  run: async (round) => {
    const { subject, settings, folder } = round;
    if (round.round > 0 || subject.startWith === undefined) return;
    const ratePerS = (await capacityOf(round)) / 2;
    const looks: Look[] = [];
    const endsAt = nowMs() + settings.minutes * 60_000;
    while (nowMs() < endsAt) {
      const look = await lookAt(round, ratePerS, folder);
      looks.push(look);
      round.say(lineOf(looks.length, look));
    }
    tell(round, looks);
  },
};

async function lookAt({ arena }: Round, ratePerS: number, folder: string): Promise<Look> {
  const leader = await arena.at('leader');
  const fromMs = nowMs() + 50;
  const window = { fromMs, untilMs: fromMs + intervalMs };
  const { pair, troubles, trouble } = await leader.ask('open', { ...window, ratePerS, name: 'bench/soak' });
  if (troubles > 0) throw new Error(`${troubles} requests of the soak failed; the first: ${trouble}`);
  const memories = await Promise.all(arena.three.map((node) => node.ask('memory', {})));
  return {
    p50: pair.p50,
    p99: pair.p99,
    usedBytes: Math.max(...memories.map(({ usedBytes }) => usedBytes)),
    diskBytes: await bytesBelow(folder),
  };
}

const lineOf = (at: number, { p50, p99, usedBytes, diskBytes }: Look): string =>
  `soak ${((at * intervalMs) / 60_000).toFixed(1)} min: pair p50 ${figureText(p50)} ms, p99 ${figureText(p99)} ms, ` +
  `memory ${figureText(usedBytes / 1e6)} MB, disk ${figureText(diskBytes / 1e6)} MB`;

/** The last third over the first: the beginning of a process is no growth. */
function tell(round: Round, looks: readonly Look[]): void {
  const metric = (figure: string, unit = ''): Metric => ({
    ...{ workload: 'soak', point: 'last third / first third', figure, unit, better: 'lower' },
  });
  note(round, metric('pair p50'), growth(looks.map(({ p50 }) => p50)));
  note(round, metric('pair p99'), growth(looks.map(({ p99 }) => p99)));
  note(round, metric('memory'), growth(looks.map(({ usedBytes }) => usedBytes)));
  note(round, metric('disk'), growth(looks.map(({ diskBytes }) => diskBytes)));
  const largest = { ...metric('disk of all nodes', 'MB'), point: 'largest' };
  note(round, largest, Math.max(...looks.map(({ diskBytes }) => diskBytes)) / 1e6);
}
