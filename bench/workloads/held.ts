import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { nowMs } from '../clock.ts';
import type { Metric } from '../figures.ts';
import { bytesBelow, foldersIn } from '../processes/disk.ts';
import type { Station } from '../processes/station.ts';
import type { HoldfastArena } from '../subjects/holdfast.ts';
import { runLoad } from './load.ts';
import { note, type Round, type Workload } from './round.ts';

/** What the cluster allows one session. */
const holdsPerSession = 10_000;

/** Gathered by one order, so that each has its own patience. */
const gatheredAtOnce = 20_000;

/** A short log, so that memory shows the table and a node that was away needs a snapshot. */
const limits = { checkpointEntries: 64, keptEntries: 16 } as const;

/** Many locks that are held and rest: what they cost in memory, at a restart, and when a node has to catch up. */
export const held: Workload = {
  name: 'held',
  about: 'memory per held lock, restart of a node and its catching up by snapshot, with --locks held',
  run: async (round) => {
    const { subject, settings, folder } = round;
    const remoteSessions = Math.ceil(settings.locks / holdsPerSession);
    const arena = await subject.startWith?.(join(folder, `${subject.name}-held-${round.round}`), {
      limits,
      remoteSessions,
    });
    if (arena === undefined) return;
    try {
      await measurePairs(round, arena, 'with none held');
      await measureMemory(round, arena);
      await measurePairs(round, arena, 'with all held');
      await measureRestart(round, arena);
      await measureCatchUp(round, arena);
    } finally {
      await arena.close();
    }
  },
};

const metricOf =
  ({ settings }: Round) =>
  (figure: string, unit: string, better: Metric['better'] = 'lower'): Metric => ({
    ...{ workload: 'held', point: `${settings.locks} locks`, figure, unit, better },
  });

/** Does one pair cost more because others are held? */
async function measurePairs(round: Round, arena: HoldfastArena, when: string): Promise<void> {
  const workers = new Map([[await arena.leader(), 1]]);
  const { reports, loopDelayMs } = await runLoad(
    { ...round, arena },
    { workers, naming: 'distinct', name: 'bench/beside' },
  );
  const metric = metricOf(round);
  for (const { pair } of reports) note(round, metric(`pair p50 at the leader ${when}`, 'ms'), pair.p50);
  note(round, metric(`loop delay p99 ${when}`, 'ms'), loopDelayMs);
}

async function measureMemory(round: Round, arena: HoldfastArena): Promise<void> {
  const { locks } = round.settings;
  const metric = metricOf(round);
  const before = await memoryOf(arena.three);
  const remote = await arena.at('remote');
  let seconds = 0;
  for (let from = 0; from < locks; from += gatheredAtOnce) {
    const count = Math.min(gatheredAtOnce, locks - from);
    seconds += (await remote.ask('hold', { name: `bench/held/${from}`, count })).seconds;
  }
  // The last checkpoint and what it leaves behind.
  await pause(2_000);
  const after = await memoryOf(arena.three);
  const perLock = (part: 'usedBytes' | 'residentBytes'): number =>
    Math.max(...after.map((memory, at) => memory[part] - (before[at]?.[part] ?? 0))) / locks;
  note(round, metric('memory used/lock, worst node', 'B'), perLock('usedBytes'));
  note(round, metric('resident growth/lock, worst node', 'B'), perLock('residentBytes'));
  note(round, metric('acquired', '/s', 'higher'), locks / seconds);
}

const memoryOf = (nodes: readonly Station[]): Promise<readonly { usedBytes: number; residentBytes: number }[]> =>
  Promise.all(nodes.map((node) => node.ask('memory', {})));

async function measureRestart(round: Round, arena: HoldfastArena): Promise<void> {
  const victim = await arena.at('follower');
  await victim.kill();
  const startedAt = nowMs();
  const readyAt = await arena.startNode(victim.name).ready();
  await arena.caughtUp(victim.name, await committed(arena));
  note(round, metricOf(round)('SIGKILL, start -> node is up', 'ms'), readyAt - startedAt);
}

async function measureCatchUp(round: Round, arena: HoldfastArena): Promise<void> {
  const metric = metricOf(round);
  const { name, ...victim } = await away(round, arena);
  const startedAt = nowMs();
  await arena.startNode(name).ready();
  await arena.caughtUp(name, await committed(arena));
  const seconds = (nowMs() - startedAt) / 1_000;
  const tables = await tablesIn(victim.dataDir);
  if (tables.every((table) => victim.tables.includes(table))) throw new Error('the node caught up without a snapshot');
  const bytes = Math.max(...(await Promise.all(tables.map((table) => bytesBelow(join(victim.dataDir, table))))));
  note(round, metric('start -> caught up by snapshot', 'ms'), seconds * 1_000);
  note(round, metric('snapshot, as on disk', 'MB'), bytes / 1e6);
  note(round, metric('catching up, process start included', 'MB/s', 'higher'), bytes / 1e6 / seconds);
}

/** Kills a follower and lets the log run past what it has. */
async function away(
  round: Round,
  arena: HoldfastArena,
): Promise<{ readonly name: string; readonly dataDir: string; readonly tables: readonly string[] }> {
  const victim = await arena.at('follower');
  const dataDir = arena.dataDirOf(victim.name);
  await victim.kill();
  const tables = await tablesIn(dataDir);
  const leader = await arena.leader();
  const until = (await committed(arena)) + 4 * (limits.checkpointEntries + limits.keptEntries);
  while ((await committed(arena)) < until) {
    const workers = new Map([[leader, 1]]);
    await runLoad({ ...round, arena: arena.living }, { workers, naming: 'distinct', name: 'bench/past' });
  }
  return { name: victim.name, dataDir, tables };
}

const committed = async (arena: HoldfastArena): Promise<number> =>
  (await (await arena.leader()).ask('status', {})).commitIndex ?? 0;

const tablesIn = async (dataDir: string): Promise<readonly string[]> =>
  (await foldersIn(dataDir)).filter((name) => name.startsWith('table-'));
