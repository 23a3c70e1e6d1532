import { createServer } from 'node:net';
import { chainOf, LevelStore } from '../storage/index.ts';
import { type Clock, type Random, systemClock, systemRandom } from './clock/index.ts';
import { ConnectionError, type LockError, NotReadyError } from './errors.ts';
import { errorOf } from './failure.ts';
import { openJournal } from './journal-file.ts';
import { keepAlive } from './keep-alive.ts';
import { type Failure, type NodeJournal, type NodeStatus, Runtime, type StartOutcome } from './node/index.ts';
import type { NodeSettings } from './options-check.ts';
import { Health, LockService } from './server/index.ts';
import { type Address, formatAddress, GrpcTransport, TransportError } from './transport/index.ts';

/** Where a node that listens nowhere says that it is. */
const nowhere = '127.0.0.1:0';

/** What closing the store may take even when all time is used up: less would leave its lock behind. */
const storeCloseMs = 500;

/** What carries an embedded node: real disks and sockets, or those of a simulation. */
export interface Host {
  readonly clock: Clock;
  readonly random: Random;
  readonly runtime: Runtime;
  /** The node has stopped by itself, for good. */
  set onFailed(listener: (failure: Failure) => void);
  /** The node is about to close. */
  retire(): void;
  /** Hands leadership over and closes everything, within `leftMs` and a little. Never rejects. */
  shutDown(leftMs: number): Promise<void>;
}

/** A node in this process with all that it opens: store, transport, doors for clients and for health checks. */
export class NodeHost implements Host {
  readonly clock: Clock = systemClock;
  readonly random: Random = systemRandom;
  readonly runtime: Runtime;
  readonly #settings: NodeSettings;
  readonly #service: LockService;
  readonly #health: Health | undefined;
  readonly #release = keepAlive();
  readonly #listen: Address | undefined;
  readonly #journal: NodeJournal | undefined;
  #transport: GrpcTransport | undefined;
  #listening: Promise<unknown> = Promise.resolve();
  #onFailed: (failure: Failure) => void = () => undefined;

  /** `listen` has a port of its own by now. The journal is closed with the host. */
  private constructor(settings: NodeSettings, listen: Address | undefined, journal: NodeJournal | undefined) {
    const { clock } = this;
    const { nodeId, dataDir, members, timings, limits, logger } = settings;
    this.#settings = settings;
    this.#listen = listen;
    this.#journal = journal;
    this.#service = new LockService({ clock, logger, servant: () => this.runtime });
    this.runtime = new Runtime({
      nodeId,
      store: new LevelStore({ dataDir, nodeId, after: (ms, fire) => clock.after(ms, fire) }),
      chainOf,
      transport: (handlers) => this.#open(handlers),
      clock,
      random: this.random,
      members,
      address: settings.advertise ?? (listen === undefined ? nowhere : formatAddress(listen)),
      timings,
      limits,
      logger,
      onFailed: (failure) => this.#onFailed(failure),
      observer: journal,
    });
    const { healthListen } = settings;
    const status = (): NodeStatus => this.runtime.status();
    this.#health =
      healthListen === undefined
        ? undefined
        : new Health({
            listen: healthListen,
            clock,
            status,
            isReady: () => this.runtime.isReady,
            isDiskLow: () => this.runtime.isDiskLow,
            writeMs: () => this.runtime.writeMs,
            diskStallTimeout: timings.diskStallTimeout,
          });
  }

  /** Opens everything and waits until the node can serve; on failure everything is closed again. */
  static async open(settings: NodeSettings): Promise<NodeHost> {
    const { nodeId, dataDir, listen, healthListen, journal, logger } = settings;
    const addresses = { listen: shown(listen), health: shown(healthListen) };
    logger.info({ dataDir, ...addresses, pid: process.pid }, `node ${nodeId} starts`);
    const bound = await withPort(settings.listen);
    const host = new NodeHost(settings, bound, journal === undefined ? undefined : openJournal(journal, logger));
    try {
      await host.#start();
    } catch (error) {
      await host.shutDown(0);
      throw error;
    }
    return host;
  }

  /** The node has stopped by itself, for good. */
  set onFailed(listener: (failure: Failure) => void) {
    this.#onFailed = listener;
  }

  /** The node is about to close: health checks say so, and clients look for another node. */
  retire(): void {
    this.#health?.retire();
    this.#service.close();
  }

  /** Hands leadership over and closes everything, within `leftMs` and a little. Never rejects. */
  async shutDown(leftMs: number): Promise<void> {
    this.retire();
    const deadlineMs = Math.max(leftMs, storeCloseMs);
    await new Promise<void>((resolve) => this.runtime.stop({ deadlineMs }, resolve));
    await Promise.all([this.#transport?.close(), this.#health?.close()]);
    this.#journal?.close();
    this.#release();
  }

  async #start(): Promise<void> {
    if (this.#health !== undefined) await this.#bind(this.#health.listen(), 'healthListen');
    await settled((done) => this.runtime.start(done));
    await this.#bind(this.#listening, 'listen');
    await this.#ready();
  }

  #open(handlers: ConstructorParameters<typeof GrpcTransport>[0]['handlers']): GrpcTransport {
    const { nodeId, insecure, logger } = this.#settings;
    this.#transport = new GrpcTransport({
      listen: this.#listen === undefined ? undefined : formatAddress(this.#listen),
      selfNodeId: nodeId,
      handlers,
      clients: this.#service,
      clock: this.clock,
      logger,
      insecure,
    });
    this.#listening = this.#transport.listen();
    // Whoever awaits it later gets the error; until then it must not count as unhandled.
    this.#listening.catch(() => undefined);
    return this.#transport;
  }

  async #bind(listening: Promise<unknown>, what: string): Promise<void> {
    try {
      await listening;
    } catch (cause) {
      const text = cause instanceof Error ? cause.message : String(cause);
      throw new ConnectionError(cause instanceof TransportError ? text : `${what}: ${text}`, { cause });
    }
  }

  #ready(): Promise<void> {
    const { readyTimeout } = this.#settings;
    return new Promise((resolve, reject) => {
      const timer = this.clock.after(readyTimeout, () => reject(this.#notReady(readyTimeout)));
      this.runtime.whenReady((outcome) => {
        timer.cancel();
        if (outcome.ok) resolve();
        else reject(errorOf(outcome.failure));
      });
    });
  }

  #notReady(readyTimeout: number): LockError {
    const { nodeId, role, leader } = this.runtime.status();
    const others = Object.keys(this.#settings.members ?? {}).filter((id) => id !== nodeId);
    const seen = leader === undefined ? 'knows no leader' : `follows ${leader} and has not caught up`;
    const hint = others.length === 0 ? '' : `; are ${others.join(', ')} running and reachable?`;
    return new NotReadyError(`node ${nodeId} is not ready after ${readyTimeout} ms: it is ${role} and ${seen}${hint}`);
  }
}

const shown = (address: Address | undefined): string | undefined => address && formatAddress(address);

const settled = (start: (done: (outcome: StartOutcome) => void) => void): Promise<void> =>
  new Promise((resolve, reject) => {
    start((outcome) => {
      if (outcome.ok) resolve();
      else reject(errorOf(outcome.failure));
    });
  });

/** Port 0 becomes a free one now, because the node must know its own address before it opens. */
const withPort = async (listen: Address | undefined): Promise<Address | undefined> => {
  if (listen === undefined || listen.port !== 0) return listen;
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (cause) =>
      reject(new ConnectionError(`cannot listen on ${listen.host}: ${cause.message}`, { cause })),
    );
    server.listen({ host: listen.host, port: 0 }, () => {
      const bound = server.address();
      const port = bound !== null && typeof bound === 'object' ? bound.port : 0;
      server.close(() => resolve({ host: listen.host, port }));
    });
  });
};
