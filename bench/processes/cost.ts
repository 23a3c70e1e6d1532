import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';

/** What processes and a disk have done until now. What the system does not tell is absent. */
export interface Cost {
  readonly cpuUs?: number | undefined;
  readonly flushes?: number | undefined;
}

/** Linux counts processor time in hundredths of a second for every program that asks. */
const ticksPerSecond = 100;

/** The cost so far of `pids`, with all their descendants, and of the disk below `folder`, whoever uses it. */
export const costOf = (pids: readonly number[], folder: string): Cost => ({
  cpuUs: existsSync('/proc/self/stat') ? pids.reduce((sum, pid) => sum + cpuUsOf(pid), 0) : undefined,
  flushes: flushesOf(folder),
});

/** What came to be between two looks. */
export const costBetween = (before: Cost, after: Cost): Cost => ({
  cpuUs: difference(before.cpuUs, after.cpuUs),
  flushes: difference(before.flushes, after.flushes),
});

const difference = (before: number | undefined, after: number | undefined): number | undefined =>
  before === undefined || after === undefined ? undefined : after - before;

function cpuUsOf(pid: number): number {
  const stat = textOf(`/proc/${pid}/stat`);
  if (stat === undefined) return 0;
  // The second field is the name in brackets and may hold blanks: counting begins behind it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [user = 0, system = 0] = [Number(fields[11]), Number(fields[12])];
  const own = ((user + system) * 1e6) / ticksPerSecond;
  return childrenOf(pid).reduce((sum, child) => sum + cpuUsOf(child), own);
}

function childrenOf(pid: number): readonly number[] {
  const folder = `/proc/${pid}/task`;
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((task) =>
    (textOf(`${folder}/${task}/children`) ?? '').split(' ').filter(Boolean).map(Number),
  );
}

/**
 * Flushes that the block device has completed, from its 16th statistic on: what the disk did, not what was called. The
 * kernel may join flushes that are asked for at the same time, and counts those of other programs too.
 */
function flushesOf(folder: string): number | undefined {
  const { dev } = statSync(folder);
  // As makedev(3) packs them, for numbers below 256.
  const [major, minor] = [(dev >> 8) & 0xfff, dev & 0xff];
  const line = (textOf('/proc/diskstats') ?? '')
    .split('\n')
    .map((each) => each.trim().split(/\s+/))
    .find(([first, second]) => Number(first) === major && Number(second) === minor);
  const flushes = Number(line?.[18]);
  return Number.isFinite(flushes) ? flushes : undefined;
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // The process ended, or this is no Linux: both mean that there is nothing to count.
    return undefined;
  }
}
