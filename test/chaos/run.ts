import { setMaxListeners } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Stream } from '../../src/testing/index.ts';
import { checkHistory, describeVerdict, parseHistory } from '../linearizability/index.ts';
import { Cluster, homeOf, repository, ttls, within } from './cluster.ts';
import { type Course, FaultCounts, type RunOptions } from './course.ts';
import type { FaultKind } from './faults/fault.ts';
import { Guarded } from './guarded.ts';
import { Journal } from './journal.ts';
import { KindNames } from './kind-names.ts';
import { KindWorker } from './kind-worker.ts';
import { LockNames } from './lock-names.ts';
import { Nemesis } from './nemesis.ts';
import { judgeJournals } from './node-journals.ts';
import { Problems } from './problems.ts';
import { Shim } from './shim.ts';
import { Standing } from './standing.ts';
import { Tally } from './tally.ts';
import { Worker, type Workplace } from './worker.ts';

const locksAtOnce = 4;

/** How long a healthy cluster works on after the last fault. */
const healthyMs = 2_000;

/** After the faults: until all processes have joined, until every call has ended, until a lock is acquired. */
const joinMs = 30_000;
const endMs = 30_000;
const acquirableMs = 10_000;

const closeMs = 10_000;

/** One run from an empty folder to a verdict. Leaves no process behind, and on success no file but the history. */
export async function run(options: RunOptions): Promise<Course> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-chaos-'));
  mkdirSync(join(folder, 'data'));
  const problems = new Problems();
  const shim = await shimFor(options, folder);
  const kinds = options.kinds.filter((kind) => shim !== undefined || !needsShim(kind));
  const startedAt = performance.now();
  const { root, nodes, network } = options;
  const cluster = await Cluster.of({ folder, root, nodes, network, shim, problems });
  const journal = new Journal(options.history ?? join(folder, 'history.jsonl'), ttls.node);
  const stage = new Stage({ ...options, kinds }, { cluster, journal, problems });
  try {
    await stage.play();
  } finally {
    await cluster.close();
    await stage.rested();
    journal.close();
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  const judged = judge(journal.path, problems);
  const journals = judgeJournals(folder, problems);
  const isWrong = problems.list.length > 0 || judged.account !== undefined;
  const keeps = options.keep === 'always' || (options.keep === 'on-failure' && isWrong);
  if (!keeps) rmSync(folder, { recursive: true, force: true });
  const { tally, faults, locks } = stage;
  const { seed, minutes, gates } = options;
  const found = { ...judged, problems: problems.list, historyPath: journal.path, folder: keeps ? folder : undefined };
  return { seed, nodes, minutes, gates, seconds, tally, faults, kinds, locks, journals, ...found };
}

const needsShim = (kind: FaultKind): boolean => kind === 'disk' || kind === 'clock';

async function shimFor({ kinds, allowMissing, say }: RunOptions, folder: string): Promise<Shim | undefined> {
  if (!kinds.some(needsShim)) return undefined;
  try {
    return await Shim.compile(join(repository, 'test/chaos/faults/faults.c'), folder);
  } catch (cause) {
    if (!allowMissing)
      throw new Error('disk and clock faults need cc and glibc; --allow-missing goes without', { cause });
    say('no disk and clock faults: faults.c could not be compiled');
    return undefined;
  }
}

interface Judged {
  readonly verdict: string;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly account: string | undefined;
}

function judge(path: string, problems: Problems): Judged {
  const verdict = checkHistory(parseHistory(readFileSync(path, 'utf8')));
  const { outcomes } = verdict.counts;
  if (verdict.passed) return { verdict: verdict.verdict, outcomes, account: undefined };
  for (const { rule, lock, text } of verdict.violations) {
    problems.add('the history is not linearizable', `${rule}${lock === undefined ? '' : `, ${lock}`}: ${text}`);
  }
  return { verdict: verdict.verdict, outcomes, account: describeVerdict(verdict) };
}

interface Props {
  readonly cluster: Cluster;
  readonly journal: Journal;
  readonly problems: Problems;
}

/** What happens in a run, in its order. */
class Stage {
  readonly tally: Tally = new Tally();
  readonly faults: FaultCounts = new FaultCounts();
  readonly #options: RunOptions;
  readonly #props: Props;
  readonly #names: LockNames = new LockNames(locksAtOnce);
  readonly #place: Workplace;
  readonly #workers: readonly Worker[];
  readonly #resting: AbortController = new AbortController();
  #work: Promise<unknown> = Promise.resolve();

  constructor(options: RunOptions, props: Props) {
    this.#options = options;
    this.#props = props;
    const { journal, cluster } = props;
    const { tally } = this;
    this.#place = {
      journal,
      names: this.#names,
      guarded: new Guarded(),
      standing: new Standing(),
      tally,
      kindNames: new KindNames(),
    };
    this.#workers = cluster.hosts.flatMap((host) =>
      Array.from({ length: host.seats }, (_, seat) => {
        const home = homeOf(host.name, host.isNode, seat);
        return new Worker({ host, seat, home }, this.#place, new Stream(options.seed, `worker ${host.name} ${seat}`));
      }),
    );
  }

  /** Names of locks that were used. */
  get locks(): number {
    return this.#names.all.length;
  }

  async play(): Promise<void> {
    const { cluster, journal, problems } = this.#props;
    cluster.start();
    if (!(await this.#allJoin('at the start'))) return;
    const { signal } = this.#resting;
    setMaxListeners(this.#workers.length, signal);
    this.#work = Promise.all(this.#workers.map((worker) => worker.work(signal)));
    await this.#rage();
    if (this.#options.endsEarly && problems.list.length > 0) return;
    const isWhole = await this.#allJoin('after the faults');
    journal.healed();
    if (isWhole) await pause(healthyMs);
    this.#resting.abort();
    if ((await within(endMs, this.#work)) === undefined) this.#complain();
    if (isWhole) await this.#proveAll();
    await this.#stopAll();
  }

  /** Resolves when no worker does anything any more; only once there are no processes. */
  async rested(): Promise<void> {
    this.#resting.abort();
    await this.#work;
  }

  async #rage(): Promise<void> {
    const { cluster, journal, problems } = this.#props;
    const { seed, kinds, minutes, say, endsEarly } = this.#options;
    const time = AbortSignal.timeout(minutes * 60_000);
    const stopping = endsEarly ? AbortSignal.any([time, problems.signal]) : time;
    const startedAt = performance.now();
    const nemesis = new Nemesis({
      ...{ cluster, journal, seed, kinds },
      told: (kind, inflicted) => {
        this.faults.add(kind, inflicted);
        const at = ((performance.now() - startedAt) / 1_000).toFixed(1).padStart(6);
        say(`${at} s  ${inflicted.what}${inflicted.acted ? '' : ' (did not act)'}; ${this.tally.acquires} acquires`);
      },
    });
    await nemesis.rage(stopping);
    // Without faults to inflict, the nemesis has nothing to do.
    if (!stopping.aborted) await new Promise((resolve) => stopping.addEventListener('abort', resolve, { once: true }));
  }

  /** Says whether every process has joined in time. */
  async #allJoin(when: string): Promise<boolean> {
    const { cluster, problems } = this.#props;
    const joined = cluster.hosts.map(async (host) => ({
      host,
      isIn: await within(
        joinMs,
        host.joined().then(() => true),
      ),
    }));
    const late = (await Promise.all(joined)).filter(({ isIn }) => isIn === undefined);
    for (const { host } of late) problems.add('an operation never ended', `${host.name} did not join ${when}`);
    return late.length === 0;
  }

  #complain(): void {
    for (const worker of this.#workers) {
      if (worker.doing !== 'done') {
        this.#props.problems.add('an operation never ended', `a worker of ${worker.home}: ${worker.doing}`);
      }
    }
  }

  /** After the faults every lock that was ever used is free, and somebody else can have it. */
  async #proveAll(): Promise<void> {
    const { cluster, problems } = this.#props;
    await Promise.all(
      this.#names.all.map(async (name, at) => {
        const host = cluster.hosts[at % cluster.hosts.length];
        if (host === undefined) return;
        const seat = { host, seat: 0, home: homeOf(host.name, host.isNode, 0) };
        const prover = new Worker(seat, this.#place, new Stream(this.#options.seed, `prover ${name}`));
        if (await prover.prove(name, acquirableMs)) return;
        problems.add('a lock cannot be acquired', `${name}, within ${acquirableMs} ms after the faults`);
      }),
    );
    const [host] = cluster.hosts;
    if (host === undefined) return;
    const seat = { host, seat: 0, home: homeOf(host.name, host.isNode, 0) };
    const prover = new KindWorker(seat, this.#place, new Stream(this.#options.seed, 'prover of kinds'));
    for (const name of await prover.proveAll(acquirableMs)) {
      problems.add('a lock cannot be acquired', `${name}, within ${acquirableMs} ms after the faults`);
    }
  }

  async #stopAll(): Promise<void> {
    const { cluster, problems } = this.#props;
    const stopped = cluster.hosts.map(async (host) => ({ host, isWell: await host.stop(closeMs) }));
    for (const { host, isWell } of await Promise.all(stopped)) {
      if (!isWell) problems.add('a process did not close', host.name);
    }
  }
}
