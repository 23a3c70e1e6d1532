import { within } from '../cluster.ts';
import type { Host } from '../host.ts';
import type { Inflicted, Scene } from './fault.ts';

const steps = [
  { name: '+60 s', ms: 60_000 },
  { name: '-60 s', ms: -60_000 },
  { name: '+1 h', ms: 3_600_000 },
] as const;

/** How far the step that was seen may be off. */
const toleranceMs = 5_000;

/** Steps the time of day of one process, or of all of them, and after a while back. The monotonic clock stays true. */
export async function clock({ cluster, random, journal, rest }: Scene): Promise<Inflicted> {
  const step = random.pick(steps);
  const hosts = random.chance(0.3) ? cluster.hosts : [random.pick(cluster.hosts)];
  const [first] = hosts;
  if (first === undefined) return { what: 'clock: nobody', acted: false };
  const before = await leadOf(first);
  journal.fault('clock', 'start', step.name);
  for (const { orders } of hosts) orders?.shiftWall(step.ms);
  const after = await leadOf(first);
  await rest(random.logUniform(300, 3_000));
  for (const { orders } of hosts) orders?.shiftWall(0);
  journal.fault('clock', 'stop', step.name);
  const jumped = before !== undefined && after !== undefined && Math.abs(after - before - step.ms) < toleranceMs;
  return { what: `clock: ${step.name} ${hosts.length > 1 ? 'everywhere' : 'for one'}`, acted: jumped };
}

/** By how much a process's time of day is ahead of its monotonic clock; undefined when it does not say so soon. */
async function leadOf(host: Host): Promise<number | undefined> {
  const answer = await within(1_000, host.ask({ kind: 'clock' }));
  return answer?.kind === 'clock' ? answer.wallMs - answer.monotonicMs : undefined;
}
