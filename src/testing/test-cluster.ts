import { NotReadyError, outOfRange, ShuttingDownError, wrongType } from '../errors.ts';
import { LockHandle } from '../handle.ts';
import type { HoldfastClient, HoldfastNode } from '../holdfast.ts';
import type { LockProvider } from '../lock-provider.ts';
import type { Pace } from './pace.ts';
import { RealTime } from './real-time.ts';
import { SimulatedCluster } from './simulated-cluster.ts';
import { SteppedTime } from './stepped-time.ts';
import type { TestClusterSettings } from './test-cluster-options.ts';
import { checkMs } from './test-cluster-options.ts';
import { closeTimeoutMs, TestHosts } from './test-hosts.ts';

/** How long `settle`, `until` and `restart` let time pass unless told otherwise, milliseconds. */
const patienceMs = 60_000;

/** A node that is started without a majority is given up after this, as by `Holdfast.open`. */
const readyTimeoutMs = 30_000;

/** What a test waited for did not come within the time that it was given. */
export class NotInTimeError extends Error {
  readonly code = 'NOT_IN_TIME' as const;

  override get name(): string {
    return 'NotInTimeError';
  }
}

/**
 * A cluster for unit tests: whole nodes and clients in this process, the same code as in production, over memory disks
 * and a simulated network. Each node and each client is a *host* of its own, with a clock of its own, for partitions and
 * pauses. Made by `createTestCluster`; close it at the end of the test.
 */
export class TestCluster implements AsyncDisposable {
  readonly #settings: TestClusterSettings;
  readonly #pace: Pace;
  readonly #cluster: SimulatedCluster;
  readonly #hosts: TestHosts;
  readonly #isolated = new Set<string>();
  #closing: Promise<void> | undefined;

  private constructor(settings: TestClusterSettings) {
    const { nodeIds, time, seed, networkDelay, logger } = settings;
    this.#settings = settings;
    this.#pace = time === 'real' ? new RealTime() : new SteppedTime();
    this.#cluster = new SimulatedCluster(nodeIds, { seed, logger, time: this.#pace.time });
    this.#cluster.linkMs = () => networkDelay;
    this.#cluster.writeMs = () => 0;
    this.#hosts = new TestHosts(this.#cluster, settings);
  }

  /** For `createTestCluster`. */
  static async start(settings: TestClusterSettings): Promise<TestCluster> {
    const cluster = new TestCluster(settings);
    try {
      await Promise.all(settings.nodeIds.map((id) => cluster.#start(id)));
    } catch (error) {
      await cluster.close();
      throw error;
    }
    return cluster;
  }

  /** Ids of all nodes, alive or not. */
  get nodeIds(): readonly string[] {
    return this.#settings.nodeIds;
  }

  /** Id of the living node that leads in the newest term; undefined while there is none. */
  get leader(): string | undefined {
    return this.#cluster.leader();
  }

  /** Milliseconds since the start of the cluster: virtual ones, or real ones. */
  get now(): number {
    return this.#pace.time.now;
  }

  /**
   * The provider that lives in that node, of the same class as from `Holdfast.open`. After `restart` there is another.
   * Throws a RangeError if there is no such node.
   */
  node(nodeId: string): HoldfastNode {
    return this.#hosts.node(nodeId);
  }

  /**
   * A client on a host of its own, of the same class as from `Holdfast.connect`; `name` is also its label. Default
   * `client-1` and so on. It connects by itself: what is asked before waits. Throws a TypeError for a name that is taken,
   * or is not 1 to 64 of `A-Z a-z 0-9 . _ -`.
   */
  client(name?: string): HoldfastClient {
    this.#assertOpen();
    const client = this.#hosts.client(name);
    const host = this.#hosts.names.at(-1);
    for (const other of this.#isolated) if (host !== undefined) this.#cluster.cut(host, other);
    return client;
  }

  /** Lets `ms` pass, and everything happen that falls due. Throws a RangeError for less than 0 or more than 2^53 - 1. */
  advance(ms: number): Promise<void> {
    this.#assertOpen();
    return this.#pace.advance(checkMs(ms, 'advance(ms)'));
  }

  /**
   * Lets time pass until `promise` settles, and gives its outcome; no more than needed. Rejects with a `NotInTimeError`
   * after `withinMs`, default 60,000.
   */
  async settle<T>(promise: PromiseLike<T>, withinMs: number = patienceMs): Promise<T> {
    let isSettled = false;
    const settled = (): void => {
      isSettled = true;
    };
    promise.then(settled, settled);
    await this.until(() => isSettled, withinMs);
    return promise;
  }

  /** Lets time pass until `condition` holds. Rejects with a `NotInTimeError` after `withinMs`, default 60,000. */
  async until(condition: () => boolean, withinMs: number = patienceMs): Promise<void> {
    if (typeof condition !== 'function') throw wrongType('until(condition): condition must be a function');
    const limitMs = checkMs(withinMs, 'withinMs');
    if (await this.#pace.until(condition, limitMs)) return;
    throw new NotInTimeError(`not within ${limitMs} ms; the leader is ${this.leader ?? 'unknown'}`);
  }

  /**
   * Nothing passes between hosts of different groups any more, and nobody is told; hosts in no group reach everybody.
   * Replaces earlier partitions. Throws a RangeError for a host that there is not.
   */
  partition(...groups: readonly (readonly string[])[]): void {
    for (const group of groups) for (const host of group) this.#hosts.check(host);
    this.heal();
    for (const [at, group] of groups.entries()) {
      const others = groups.slice(at + 1).flat();
      for (const one of group) for (const other of others) if (one !== other) this.#cluster.cut(one, other);
    }
  }

  /** Nothing passes between that host and any other, those made later included. Earlier partitions stay. */
  isolate(host: string): void {
    this.#hosts.check(host);
    this.#isolated.add(host);
    for (const other of this.#hosts.names) if (other !== host) this.#cluster.cut(host, other);
  }

  /** Ends all partitions. */
  heal(): void {
    this.#isolated.clear();
    this.#cluster.heal();
  }

  /**
   * Stops a host as SIGSTOP or a blocked event loop does: it hears nothing and sends nothing until `resume`. The code of
   * the test that uses its provider runs on, and sees what a paused process sees when it wakes.
   */
  pause(host: string): void {
    this.#hosts.clock(host).pause();
  }

  /** The host goes on: timers that fell due fire first, then it hears what came meanwhile. */
  resume(host: string): void {
    this.#hosts.clock(host).resume();
  }

  /**
   * Power loss of a node: what its disk has acknowledged stays. Its locks stay with its session, until the TTL has passed
   * or it starts again. Its provider is closed, its handles are lost with the reason `failed`.
   */
  kill(nodeId: string): void {
    this.#hosts.kill(nodeId);
  }

  /**
   * Starts a killed or closed node again, on the disk that it left; resolves with its new provider when it is ready, and
   * rejects with a `NotReadyError` if that takes longer than 30 s. Throws a RangeError if it is running.
   */
  restart(nodeId: string): Promise<HoldfastNode> {
    this.#assertOpen();
    this.#hosts.node(nodeId);
    if (this.#cluster.isAlive(nodeId)) throw outOfRange(`node ${nodeId} is running: kill or close it before`);
    return this.#start(nodeId);
  }

  /**
   * Makes a handle lose its lock, as an operator does who ends its session: all handles of the same provider are lost
   * with the reason `session`. Resolves when `isHeld` is false; rejects with a RangeError if the lock is not held by it.
   */
  async lose(handle: LockHandle): Promise<void> {
    if (!(handle instanceof LockHandle)) throw wrongType('lose(handle): a handle of this cluster is needed');
    const { name, fencingToken } = handle;
    const reader = this.nodeIds.find((id) => this.#cluster.isAlive(id) && this.#cluster.runtime(id).isReady);
    if (reader === undefined) throw new NotReadyError('no node knows a leader, so no session can be ended');
    const { holders } = await this.settle(this.node(reader).inspect(name));
    const holder = holders.find(({ token }) => token === fencingToken);
    if (holder === undefined || !handle.isHeld) {
      throw outOfRange(`lock ${JSON.stringify(name)} is not held with token ${fencingToken} here`);
    }
    // Whichever node serves that session says goodbye for it; the others know nothing of it.
    for (const id of this.nodeIds) if (this.#cluster.isAlive(id)) this.#cluster.runtime(id).end(holder.session);
    await this.until(() => !handle.isHeld);
  }

  /** Closes all providers and nodes, whatever their state. Nothing keeps the process up afterwards. Never rejects. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.heal();
    for (const host of this.#hosts.names) this.#hosts.clock(host).resume();
    // Clients first: they say goodbye by way of nodes.
    await this.#closeAll(this.#hosts.clients);
    await this.#closeAll(this.#hosts.nodes);
    this.#pace.close();
  }

  async #closeAll(providers: readonly LockProvider[]): Promise<void> {
    let open = providers.length;
    const closed = (): void => {
      open -= 1;
    };
    for (const provider of providers) provider.close().then(closed, closed);
    await this.#pace.until(() => open === 0, 2 * closeTimeoutMs);
  }

  async #start(nodeId: string): Promise<HoldfastNode> {
    const node = this.#hosts.start(nodeId);
    const runtime = this.#cluster.runtime(nodeId);
    if (await this.#pace.until(() => runtime.isReady, readyTimeoutMs)) return node;
    throw new NotReadyError(`node ${nodeId} is not ready after ${readyTimeoutMs} ms: is there a majority?`);
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw new ShuttingDownError('this test cluster is closed');
  }
}
