import { setTimeout as pause } from 'node:timers/promises';
import type { Metric } from '../figures.ts';
import { costBetween, costOf } from '../processes/cost.ts';
import { note, type Round, type Workload } from './round.ts';

/** Processor time is counted in steps of 10 ms: long enough that a step is little. */
const windowsIdle = 3;

/** A cluster that nobody asks for anything. */
export const idle: Workload = {
  name: 'idle',
  about: 'processor time and log growth of a cluster with three sessions that nobody uses',
  run: async (round) => {
    const { arena, settings, subject, folder } = round;
    if (subject.startWith === undefined) return;
    const pids = arena.three.map(({ pid }) => pid);
    const seconds = (settings.windowMs * windowsIdle) / 1_000;
    const [before, logBefore] = [costOf(pids, folder), await committed(round)];
    await pause(seconds * 1_000);
    const { cpuUs } = costBetween(before, costOf(pids, folder));
    const metric = (figure: string, unit: string): Metric => ({
      ...{ workload: 'idle', point: 'nobody asks', figure, unit, better: 'lower' },
    });
    if (cpuUs !== undefined) note(round, metric('of a core, each node', '%'), cpuUs / 1e4 / seconds / pids.length);
    note(round, metric('log growth', 'entries/s'), ((await committed(round)) - logBefore) / seconds);
  },
};

const committed = async ({ arena }: Round): Promise<number> => {
  const leader = await arena.at('leader');
  return (await leader.ask('status', {})).commitIndex ?? 0;
};
