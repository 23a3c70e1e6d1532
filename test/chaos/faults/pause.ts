import { timings, ttls } from '../cluster.ts';
import { type Inflicted, namesOf, type Scene } from './fault.ts';
import { victims } from './victims.ts';

/** SIGSTOP for longer than an election takes, and half of the time for longer than sessions live; then SIGCONT. */
export async function pause(scene: Scene): Promise<Inflicted> {
  const { who, hosts } = await victims(scene);
  const { electionTimeout } = timings;
  const sessionTtl = ttls[hosts.every(({ isNode }) => isNode) ? 'node' : 'client'];
  const outlivesSessions = scene.random.chance(0.5);
  const ms = outlivesSessions
    ? scene.random.between(1.1, 1.8) * sessionTtl
    : scene.random.between(1.2, 2.2) * electionTimeout;
  scene.journal.fault('pause', 'start', namesOf(hosts));
  const stood = await Promise.all(hosts.map((host) => host.freeze()));
  await scene.rest(ms);
  for (const host of hosts) host.thaw();
  scene.journal.fault('pause', 'stop', namesOf(hosts));
  return { what: `pause ${who}${outlivesSessions ? ' beyond the TTL' : ''}`, acted: stood.includes(true) };
}
