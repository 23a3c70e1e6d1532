import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Stream } from '../../src/testing/index.ts';
import { checkHistory, describeVerdict, parseHistory } from '../linearizability/index.ts';
import { Cluster, homeOf, repository, within } from './cluster.ts';
import { Guarded } from './guarded.ts';
import type { Host } from './host.ts';
import { Journal } from './journal.ts';
import { KindNames } from './kind-names.ts';
import { LockNames } from './lock-names.ts';
import { judgeJournals } from './node-journals.ts';
import { Problems } from './problems.ts';
import { Standing } from './standing.ts';
import { Tally } from './tally.ts';
import { Worker } from './worker.ts';

/** What one worker does next. Milliseconds. */
export type Act =
  | { readonly kind: 'wait'; readonly lock: number; readonly timeout: number | undefined; readonly stay: number }
  | { readonly kind: 'try'; readonly lock: number; readonly stay: number }
  | { readonly kind: 'inspect'; readonly lock: number };

/** What befalls one node: it is killed, stands still, or is cut off from all others, for `ms`. */
export interface Mishap {
  readonly kind: 'kill' | 'freeze' | 'isolate';
  readonly node: number;
  /** Since the end of the one before. */
  readonly after: number;
  readonly ms: number;
}

/** Made by a generator, played on a cluster of real processes: plain values, so that a failure can be printed. */
export interface Plot {
  /** One list for each worker: three nodes have three each, two clients two. */
  readonly acts: readonly (readonly Act[])[];
  readonly mishaps: readonly Mishap[];
}

/** What became of a plot. */
export interface Played {
  /** Why it is not lawful; empty when it is. */
  readonly account: string;
  readonly acquires: number;
  readonly mishaps: number;
}

/** How many workers a plot is for. */
export const lanes = 13;

const locks = 2;
const patienceMs = 30_000;
const closeMs = 10_000;
const ttlMs = 2_000;

/** Plays `plot` on a new cluster. Leaves no process and no file behind. */
export async function play(plot: Plot): Promise<Played> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-plot-'));
  mkdirSync(join(folder, 'data'));
  const problems = new Problems();
  const cluster = await Cluster.of({ folder, root: repository, nodes: 3, network: 'proxy', shim: undefined, problems });
  const journal = new Journal(join(folder, 'history.jsonl'), ttlMs);
  const tally = new Tally();
  try {
    await perform(plot, { cluster, journal, problems, tally });
  } finally {
    await cluster.close();
    journal.close();
  }
  const verdict = checkHistory(parseHistory(readFileSync(journal.path, 'utf8')));
  judgeJournals(folder, problems);
  rmSync(folder, { recursive: true, force: true });
  const wrong = problems.list.map(({ kind, text }) => `${kind}: ${text}`);
  const account = [...wrong, ...(verdict.passed ? [] : [describeVerdict(verdict)])].join('\n');
  return { account, acquires: tally.acquires, mishaps: plot.mishaps.length };
}

interface Props {
  readonly cluster: Cluster;
  readonly journal: Journal;
  readonly problems: Problems;
  readonly tally: Tally;
}

async function perform({ acts, mishaps }: Plot, props: Props): Promise<void> {
  const { cluster, journal, problems, tally } = props;
  const names = new LockNames(locks);
  const place = { journal, names, guarded: new Guarded(), standing: new Standing(), tally, kindNames: new KindNames() };
  const seats = cluster.hosts.flatMap((host) => Array.from({ length: host.seats }, (_, seat) => ({ host, seat })));
  const workers = seats.map(({ host, seat }) => {
    const home = homeOf(host.name, host.isNode, seat);
    return { host, worker: new Worker({ host, seat, home }, place, new Stream(1, home)) };
  });
  cluster.start();
  if (!(await allJoin(cluster, problems))) return;
  const work = Promise.all(
    workers.map(async ({ host, worker }, lane) => {
      for (const act of acts[lane] ?? []) {
        await host.joined();
        await carryOut(act, worker, names);
      }
    }),
  );
  for (const mishap of mishaps) await befall(mishap, cluster);
  await cluster.network.heal();
  journal.healed();
  const isWhole = await allJoin(cluster, problems);
  if ((await within(patienceMs, work)) === undefined) {
    for (const { worker } of workers) problems.add('an operation never ended', `${worker.home}: ${worker.doing}`);
  } else if (isWhole) await stopAll(cluster, problems);
}

async function carryOut(act: Act, worker: Worker, names: LockNames): Promise<void> {
  const name = names.at(act.lock);
  switch (act.kind) {
    case 'wait':
      return await worker.visit({ kind: 'acquire', name, timeout: act.timeout }, act.stay);
    case 'try':
      return await worker.visit({ kind: 'try', name }, act.stay);
    case 'inspect':
      return await worker.inspect(name);
    default:
      act satisfies never;
  }
}

async function befall({ kind, node, after, ms }: Mishap, { nodes, network, hosts }: Cluster): Promise<void> {
  await pause(after);
  const victim = nodes[node % nodes.length];
  if (victim === undefined) return;
  switch (kind) {
    case 'kill':
      await victim.kill();
      await pause(ms);
      return victim.start();
    case 'freeze':
      await victim.freeze();
      await pause(ms);
      return victim.thaw();
    case 'isolate':
      await network.part([victim.name], namesBeside(victim, hosts));
      await pause(ms);
      return await network.heal();
    default:
      kind satisfies never;
  }
}

const namesBeside = (victim: Host, hosts: readonly Host[]): readonly string[] =>
  hosts.filter((host) => host !== victim).map(({ name }) => name);

async function allJoin({ hosts }: Cluster, problems: Problems): Promise<boolean> {
  const joined = await within(patienceMs, Promise.all(hosts.map((host) => host.joined())));
  if (joined === undefined) problems.add('an operation never ended', 'not all processes have joined');
  return joined !== undefined;
}

async function stopAll({ hosts }: Cluster, problems: Problems): Promise<void> {
  const stopped = await Promise.all(hosts.map(async (host) => ({ host, isWell: await host.stop(closeMs) })));
  for (const { host, isWell } of stopped) if (!isWell) problems.add('a process did not close', host.name);
}
