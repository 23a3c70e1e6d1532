import { setTimeout as pause } from 'node:timers/promises';
import { nowMs, until } from '../clock.ts';
import type { Metric } from '../figures.ts';
import type { Station } from '../processes/station.ts';
import { HoldfastArena } from '../subjects/holdfast.ts';
import type { Arena } from '../subjects/subject.ts';
import { share } from './contended.ts';
import { note, type Round, type Workload } from './round.ts';

/** Enough for a load that a kill interrupts, and no more than survivors of two cores can carry. */
const watchersPerStation = 8;

/** How long a load runs before the kill, so that it has settled. */
const settledMs = 500;

const metric = (workload: string, figure: string): Metric => ({
  ...{ workload, point: 'SIGKILL', figure, unit: 'ms', better: 'lower' },
});

/** Leader killed under load: when is the first acquire granted that was asked for afterwards, at a survivor? */
export const failover: Workload = {
  name: 'failover',
  about: 'SIGKILL of the leader under load until the next acquire elsewhere, --kills times in all',
  run: async (round) => {
    const { kills, rounds } = round.settings;
    for (let kill = 0; kill < share(kills, rounds, round.round); kill += 1) await killLeader(round);
  },
};

/** The process of a holder killed: when does a waiter have its lock? */
export const holder: Workload = {
  name: 'holder',
  about: 'SIGKILL of a process that holds a lock, with a session time of 2 s, until a waiter has it',
  run: async (round) => {
    const { arena } = round;
    const name = `bench/holder/${round.round}`;
    const [victim, waiter] = await Promise.all([arena.holder(), arena.at('follower')]);
    await victim.ask('take', { name });
    const taken = waiter.ask('take', { name });
    // The waiter stands in the queue, and the holder's session has been heard a few times.
    await pause(1_000);
    const killedAt = nowMs();
    await victim.kill();
    const { grantedAtMs } = await taken;
    await waiter.ask('drop', { name });
    note(round, metric('holder', 'kill -> waiter has it'), grantedAtMs - killedAt);
  },
};

/** A node that holds a lock, killed and started again at once: its earlier session ends when it is back. */
export const restart: Workload = {
  name: 'restart',
  about: 'SIGKILL of a node that holds a lock, started again at once, until a waiter has the lock',
  run: async (round) => {
    const { arena } = round;
    // Other services have no node in the process of a holder.
    if (!(arena instanceof HoldfastArena)) return;
    const name = `bench/restart/${round.round}`;
    const [victim, waiter] = await Promise.all([arena.at('follower'), arena.at('leader')]);
    await victim.ask('take', { name });
    const taken = waiter.ask('take', { name });
    await pause(500);
    await victim.kill();
    const startedAt = nowMs();
    const readyAt = await arena.startNode(victim.name).ready();
    const { grantedAtMs } = await taken;
    await waiter.ask('drop', { name });
    await arena.caughtUp(victim.name);
    note(round, metric('restart', 'start -> node is up'), readyAt - startedAt);
    note(round, metric('restart', 'start -> waiter has it'), grantedAtMs - startedAt);
  },
};

async function killLeader(round: Round): Promise<void> {
  const { arena } = round;
  for (const station of arena.three) {
    await station.ask('watch', { workers: watchersPerStation, name: `bench/watch/${station.name}` });
  }
  const startedAt = nowMs();
  await Promise.all(arena.three.map((station) => firstSince(station, startedAt)));
  // At any phase of the heartbeat, under a load that has settled.
  await pause(settledMs * (1 + Math.random()));
  const killedAt = await arena.killLeader();
  if (killedAt === undefined) return await mended(arena, arena.three);
  const survivors = arena.three.filter(({ isAlive }) => isAlive);
  const grantedAt = await Promise.any(survivors.map((station) => firstSince(station, killedAt)));
  const gapMs = grantedAt - killedAt;
  note(round, metric('failover', 'kill -> next acquire'), gapMs);
  round.say(`${round.subject.name}: leader killed, next acquire after ${Math.round(gapMs)} ms`);
  await mended(arena, survivors);
}

async function mended(arena: Arena, survivors: readonly Station[]): Promise<void> {
  await Promise.all(survivors.map((station) => station.ask('unwatch', {})));
  await arena.mend();
}

const firstSince = (station: Station, atMs: number): Promise<number> =>
  until(`a grant at ${station.name}`, async () => (await station.ask('since', { atMs })).grantedAtMs);
