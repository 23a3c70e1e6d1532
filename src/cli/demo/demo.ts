import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { CommandFailure } from '../exit-codes.ts';
import { monotonicNow } from '../guardian/protocol.ts';
import { DemoCluster, type Happening, nodeIds } from './cluster.ts';
import { type Course, type DemoSummary, summarize } from './summary.ts';

export interface DemoOptions {
  /** How long the workers run, in milliseconds, from the first leader on. */
  readonly runMs: number;
  /** Aborting it ends the demo early; its processes and files are gone when the demo rejects. */
  readonly signal: AbortSignal;
  /** Gets each line of the timeline. */
  readonly say: (line: string) => void;
}

/** How long anything may take that must come: three processes to start, a leader to be found. */
const patienceMs = 30_000;

/**
 * Three real processes, workers in all of them, the leader killed in the middle and started again. Leaves no process
 * and no file behind, whatever happens.
 */
export async function runDemo(options: DemoOptions): Promise<DemoSummary> {
  const startedAt = monotonicNow();
  const say = (text: string): void =>
    options.say(`${((monotonicNow() - startedAt) / 1_000).toFixed(2).padStart(7)} s  ${text}`);
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-demo-'));
  try {
    const cluster = await DemoCluster.in(folder, narrator(say));
    try {
      const course = await play(cluster, options, say);
      return summarize(cluster, course);
    } finally {
      await cluster.abandon();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

type Say = (text: string) => void;

async function play(cluster: DemoCluster, { runMs, signal }: DemoOptions, say: Say): Promise<Course> {
  const { ledger } = cluster;
  const come = async (what: string, isReached: () => boolean): Promise<void> =>
    await reached(cluster, { what, isReached }, signal);
  say(`starting three processes, each with a node and two workers: ${addresses(cluster)}`);
  for (const node of nodeIds) cluster.start(node);
  await come('all three nodes', () => cluster.ready.size === nodeIds.length && cluster.leader !== undefined);
  say('the workers contend for three locks; each guards a counter in a file that refuses old tokens');
  await pause(runMs * 0.3, undefined, { signal });

  const killed = cluster.leader;
  if (killed === undefined) return { killed, ...nothingKilled };
  const termBefore = cluster.term;
  say(
    `${ledger.grants} critical sections so far; killing the leader ${killed}, process ${cluster.pidOf(killed)}, by SIGKILL`,
  );
  const killedAt = monotonicNow();
  await cluster.kill(killed);
  await come('a new leader', () => cluster.leader !== undefined && cluster.term > termBefore);
  const newLeader = cluster.leader;
  await come('a grant after the kill', () => ledger.grantsSince(killedAt) > 0);
  const gapMs = (ledger.firstSince(killedAt)?.at ?? Number.NaN) - killedAt;
  say(`the next critical section was entered ${Math.round(gapMs)} ms after the kill`);
  await pause(runMs * 0.25, undefined, { signal });

  say(`starting ${killed} again on its data; its earlier session ends at once, and what it still held is free`);
  const restartedAt = monotonicNow();
  cluster.start(killed);
  await come(`${killed} to work again`, () => ledger.grantsSince(restartedAt, killed) > 0);
  say(`${killed} is back at work`);
  await pause(runMs * 0.45, undefined, { signal });

  say('stopping all three');
  const closedWell = await cluster.stop(patienceMs);
  return { killed, killedAt, restartedAt, newLeader, closedWell };
}

const nothingKilled = { killedAt: undefined, restartedAt: undefined, newLeader: undefined, closedWell: false } as const;

const addresses = (cluster: DemoCluster): string =>
  Object.entries(cluster.members)
    .map(([id, address]) => `${id} on ${address}`)
    .join(', ');

/** A stage that the demo must come to. */
interface Stage {
  readonly what: string;
  readonly isReached: () => boolean;
}

async function reached(cluster: DemoCluster, { what, isReached }: Stage, signal: AbortSignal): Promise<void> {
  const giveUpAt = monotonicNow() + patienceMs;
  while (!isReached()) {
    if (cluster.failure !== undefined) throw new CommandFailure(1, cluster.failure);
    if (monotonicNow() > giveUpAt) throw new CommandFailure(1, `waited ${patienceMs} ms in vain for ${what}`);
    await pause(10, undefined, { signal });
  }
}

/** Lines for what happens, without repeating what is the same every time. */
function narrator(say: Say): (happening: Happening) => void {
  let refusals = 0;
  return (happening) => {
    switch (happening.kind) {
      case 'ready':
        return say(`${happening.node} has joined`);
      case 'leader':
        return say(`${happening.leader} leads in term ${happening.term}`);
      case 'lost':
        return say(`${happening.node} lost ${happening.lock} (token ${happening.token})`);
      case 'refused':
        refusals += 1;
        if (refusals === 1) {
          const { node, lock, token, seen } = happening;
          say(`a late write by ${node} to ${lock} with token ${token} was refused: ${seen} has been seen`);
        }
        return;
      case 'trouble':
        return say(`${happening.node}: ${happening.text}`);
      default:
        happening satisfies never;
    }
  };
}
