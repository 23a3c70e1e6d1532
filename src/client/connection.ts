import type { Clock, Random, Timer } from '../clock/index.ts';
import type { Logger } from '../logger.ts';
import type { Failure } from '../node/index.ts';
import type { ClientMessage, ClusterView, ServerMessage } from '../server/index.ts';
import { Endpoints } from './endpoints.ts';
import { type Dial, Link, type Trouble } from './link.ts';

export interface ConnectionOptions {
  readonly endpoints: readonly string[];
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly label: string;
  readonly insecure: boolean;
  /** Only this cluster will do; absent: the first one met. */
  readonly clusterId: string | undefined;
  /** False: a node that knows no leader will do. */
  readonly requireLeader: boolean;
  /** See `LinkOptions`. */
  readonly pulseMs: number;
  /** How a node is reached. */
  readonly dial: Dial;
}

export interface ConnectionEvents {
  /** A node serves us from now on: everything that is under way must be sent again. */
  connected(): void;
  received(message: ServerMessage): void;
}

/** How long a node that knows no leader is given to find one before another is tried. Milliseconds. */
const patienceMs = 1_000;

const dialTimeoutMs = 2_000;

/**
 * Keeps one link to a node that can serve, the leader's if it can be reached: while that one is dialled, and for as
 * long as it is in doubt, the present link goes on serving.
 */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #events: ConnectionEvents;
  readonly #endpoints: Endpoints;
  #clusterId: string | undefined;
  #link: Link | undefined;
  #candidate: Link | undefined;
  readonly #patience = new Map<Link, Timer>();
  #pause: Timer | undefined;
  #isClosed = false;

  constructor(options: ConnectionOptions, events: ConnectionEvents) {
    this.#options = options;
    this.#events = events;
    this.#clusterId = options.clusterId;
    this.#endpoints = new Endpoints(options.endpoints, options.clock, options.random);
  }

  /** Begins to look for a node; goes on until `close`. */
  start(): void {
    this.#search();
  }

  /** What the node that serves us last said of itself and the cluster. */
  get view(): ClusterView | undefined {
    return this.#link?.view;
  }

  /** Whether only a node that knows a leader will do. */
  get requiresLeader(): boolean {
    return this.#options.requireLeader;
  }

  get isConnected(): boolean {
    return this.#link !== undefined;
  }

  /** False when nobody serves us at the moment: nothing was sent. */
  send(message: ClientMessage): boolean {
    this.#link?.send(message);
    return this.#link !== undefined;
  }

  close(): void {
    this.#isClosed = true;
    for (const timer of this.#patience.values()) timer.cancel();
    this.#pause?.cancel();
    this.#candidate?.close();
    this.#link?.close();
    this.#candidate = undefined;
    this.#link = undefined;
  }

  /** Why nobody serves us, endpoint by endpoint. */
  get failure(): Failure {
    const troubles = [...this.#endpoints.troubles];
    const tried = troubles.map(([endpoint, { text }]) => (text.startsWith(endpoint) ? text : `${endpoint}: ${text}`));
    const dialled = this.#candidate?.endpoint;
    if (dialled !== undefined && !this.#endpoints.troubles.has(dialled)) tried.push(`${dialled}: no answer yet`);
    const text = `no node that serves could be reached (${tried.join('; ')})`;
    return { code: codeOf(troubles.map(([, trouble]) => trouble)), text };
  }

  /** Dials the next endpoint, unless somebody is being dialled already. */
  #search(): void {
    if (this.#isClosed || this.#candidate !== undefined || this.#pause !== undefined) return;
    const { endpoint, pauseMs } = this.#endpoints.next();
    if (pauseMs === 0) return this.#dial(endpoint);
    this.#pause = this.#options.clock.after(pauseMs, () => {
      this.#pause = undefined;
      if (this.#candidate === undefined) this.#dial(endpoint);
    });
  }

  #dial(endpoint: string): void {
    if (this.#isClosed) return;
    if (endpoint === this.#link?.endpoint) return this.#later();
    const { clock, insecure, label, pulseMs, requireLeader, dial } = this.#options;
    const hello = { clusterId: this.#clusterId, label, requireLeader };
    const candidate = new Link(
      { endpoint, hello, clock, insecure, pulseMs, dialTimeoutMs, dial },
      {
        accepted: (_link, clusterId) => {
          // Ever after the first one met: a restarted cluster of another name must not be taken for ours.
          this.#clusterId ??= clusterId;
        },
        viewed: (link, view) => this.#viewed(link, view),
        received: (link, message) => {
          if (link === this.#link) this.#events.received(message);
        },
        closed: (link, trouble) => this.#closed(link, trouble),
      },
    );
    this.#candidate = candidate;
    this.#expect(candidate, dialTimeoutMs + patienceMs);
  }

  /** The present node is the only one left to ask: give it, and the others, a little time. */
  #later(): void {
    this.#pause = this.#options.clock.after(patienceMs, () => {
      this.#pause = undefined;
      if (this.#link === undefined || !this.#suits(this.#link.view)) this.#search();
    });
  }

  #viewed(link: Link, view: ClusterView): void {
    if (this.#isClosed) return;
    this.#endpoints.learn(view);
    if (link === this.#candidate) {
      if (this.#suits(view)) return this.#adopt(link, view);
      this.#expect(link, patienceMs);
    } else if (link === this.#link) {
      if (this.#suits(view)) this.#settle(view);
      else if (!this.#patience.has(link)) this.#expect(link, patienceMs);
    }
  }

  #suits(view: ClusterView | undefined): boolean {
    return view !== undefined && (view.isReady || !this.#options.requireLeader);
  }

  #adopt(link: Link, view: ClusterView): void {
    const former = this.#link;
    this.#link = link;
    this.#candidate = undefined;
    this.#endpoints.succeeded(link.endpoint);
    this.#options.logger.debug({ endpoint: link.endpoint, node: view.nodeId }, 'a node serves this client');
    this.#settle(view);
    this.#events.connected();
    former?.close();
  }

  /** The node serves: the only thing better is the leader itself. */
  #settle(view: ClusterView): void {
    if (this.#link !== undefined) this.#stopExpecting(this.#link);
    const leader = this.#endpoints.leaderOf(view);
    if (leader !== undefined && this.#candidate === undefined) this.#dial(leader);
  }

  /** Elections are short; a node that finds no leader for longer may be cut off from the others. */
  #expect(link: Link, ms: number): void {
    this.#stopExpecting(link);
    const timer = this.#options.clock.after(ms, () => {
      this.#patience.delete(link);
      if (this.#isClosed || this.#suits(link.view)) return;
      if (link === this.#candidate) {
        const text = link.view === undefined ? 'it says nothing' : 'it knows no leader';
        this.#closed(link, { text, code: 'NOT_READY' });
        link.close();
      } else if (link === this.#link) {
        this.#search();
        this.#expect(link, patienceMs);
      }
    });
    this.#patience.set(link, timer);
  }

  #stopExpecting(link: Link): void {
    this.#patience.get(link)?.cancel();
    this.#patience.delete(link);
  }

  #closed(link: Link, trouble: Trouble): void {
    this.#stopExpecting(link);
    if (this.#isClosed || (link !== this.#candidate && link !== this.#link)) return;
    this.#endpoints.failed(link.endpoint, trouble);
    this.#options.logger.debug({ endpoint: link.endpoint, text: trouble.text }, 'a link to a node ended');
    if (link === this.#candidate) this.#candidate = undefined;
    else this.#link = undefined;
    if (this.#link === undefined || !this.#suits(this.#link.view)) this.#search();
  }
}

const codeOf = (troubles: readonly Trouble[]): Failure['code'] => {
  const codes = troubles.map((trouble) => trouble.code);
  if (codes.includes('NOT_READY')) return 'NOT_READY';
  if (codes.includes('WRONG_CLUSTER')) return 'WRONG_CLUSTER';
  if (codes.includes('QUARANTINED')) return 'QUARANTINED';
  return 'CONNECTION';
};
