import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Clock } from '../clock/index.ts';
import type { NodeStatus } from '../node/index.ts';
import type { Address } from '../transport/index.ts';

/** What health is judged by. */
export interface HealthOptions {
  readonly listen: Address;
  readonly clock: Clock;
  readonly status: () => NodeStatus;
  /** Whether the node can serve: a member that has caught up and knows a leader. */
  readonly isReady: () => boolean;
  /** Whether there is too little room for new locks. */
  readonly isDiskLow: () => boolean;
  /** Milliseconds that the write under way has taken so far; 0 when there is none. */
  readonly writeMs: () => number;
  /** From then on a leader steps aside, so that requests are better sent elsewhere. Milliseconds. */
  readonly diskStallTimeout: number;
}

interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly text?: string;
}

const connectionsMax = 100;

/** How long the event loop may have been away before the process counts as stuck. */
const lagMsMax = 5_000;
const lagSampleMs = 1_000;

/** How long a write may be under way before a new process, perhaps on another machine, is worth a try. */
const writeMsMax = 30_000;

/**
 * `/livez`: this process should not be restarted; says nothing of a quorum. `/readyz`: send it requests. 200 or 503,
 * each with the single checks as JSON.
 */
export class Health {
  readonly #options: HealthOptions;
  readonly #server: Server;
  #sampledAt: number;
  #isStopping = false;
  #isClosed = false;

  constructor(options: HealthOptions) {
    this.#options = options;
    this.#sampledAt = options.clock.now();
    this.#server = createServer(
      { requestTimeout: 5_000, headersTimeout: 5_000, keepAliveTimeout: 5_000 },
      (request, response) => this.#answer(request, response),
    );
    this.#server.maxConnections = connectionsMax;
    // A connection that is no HTTP is closed by the server itself; its error must not end the process.
    this.#server.on('clientError', (_error, socket) => socket.destroy());
    this.#sample();
  }

  /** The bound port; rejects with the system's error when the address cannot be listened on. */
  listen(): Promise<number> {
    const { host, port } = this.#options.listen;
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port }, () => {
        this.#server.off('error', reject);
        this.#server.on('error', () => undefined);
        const bound = this.#server.address();
        resolve(bound !== null && typeof bound === 'object' ? bound.port : port);
      });
    });
  }

  /** From now on `/readyz` says 503: the node is on its way out. */
  retire(): void {
    this.#isStopping = true;
  }

  /** Ends all connections and frees the port. */
  close(): Promise<void> {
    this.#isClosed = true;
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = (request.url ?? '').split('?', 1)[0];
    const isKnown = path === '/livez' || path === '/readyz';
    if (!isKnown) return reply(response, 404, { error: 'try /livez or /readyz' });
    if (request.method !== 'GET' && request.method !== 'HEAD') return reply(response, 405, { error: 'GET or HEAD' });
    const status = this.#options.status();
    const checks = path === '/livez' ? this.#life(status) : this.#readiness(status);
    const isOk = checks.every((check) => check.ok);
    const { nodeId, role, leader, term, appliedIndex } = status;
    reply(response, isOk ? 200 : 503, {
      status: isOk ? 'ok' : 'failing',
      nodeId,
      role,
      leader,
      term,
      appliedIndex,
      checks,
    });
  }

  #life(status: NodeStatus): readonly Check[] {
    const lagMs = Math.max(0, this.#options.clock.now() - this.#sampledAt - lagSampleMs);
    return [
      check('event-loop', lagMs <= lagMsMax, `${Math.round(lagMs)} ms behind`),
      this.#writing(writeMsMax),
      check('storage', status.role !== 'failed' && status.role !== 'stopped', status.reason),
    ];
  }

  #readiness(status: NodeStatus): readonly Check[] {
    const isMember =
      status.role !== 'blank' && status.role !== 'quarantined' && status.role !== 'failed' && status.role !== 'stopped';
    return [
      check('running', !this.#isStopping, 'shutting down'),
      check('member', isMember, status.reason ?? 'belongs to no cluster yet'),
      check('leader', status.leader !== undefined, 'knows no leader'),
      check('caught-up', this.#options.isReady(), 'has not caught up with the cluster'),
      this.#writing(this.#options.diskStallTimeout),
      check('disk', !this.#options.isDiskLow(), 'too little room for new locks'),
    ];
  }

  #writing(limitMs: number): Check {
    const ms = this.#options.writeMs();
    return check('disk-writes', ms <= limitMs, `a write has been under way for ${Math.round(ms)} ms`);
  }

  #sample(): void {
    if (this.#isClosed) return;
    this.#sampledAt = this.#options.clock.now();
    this.#options.clock.after(lagSampleMs, () => this.#sample());
  }
}

const check = (name: string, ok: boolean, text: string | undefined): Check =>
  ok || text === undefined ? { name, ok } : { name, ok, text };

const reply = (response: ServerResponse, code: number, body: object): void => {
  response.writeHead(code, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(`${JSON.stringify(body)}\n`);
};
