import {
  type Hello,
  memberId,
  nodeIdOf,
  type Packet,
  type PeerAddress,
  type PeerHandlers,
  type PeerTransport,
} from '../transport/index.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import type { VirtualTime } from './virtual-time.ts';

/** What links between nodes need of the simulated world. */
export interface PeerWorld {
  readonly time: VirtualTime;
  readonly processes: ReadonlyMap<string, SimulatedProcess>;
  isCut(from: string, to: string): boolean;
  /** When the copies of one packet arrive, ms from now: none is a loss, two a repetition. */
  arrivals(from: string, to: string, packet: Packet | undefined): readonly number[];
  /** How a packet looks after a journey. */
  travelled(packet: Packet): Packet;
  /** A packet is about to leave; its sender may die of it. */
  leaving(from: string, to: string, packet: Packet): void;
  /** Two processes have let each other in. */
  linked(one: Hello, other: Hello): void;
}

const redialMs = 50;

/** Links between simulated nodes: each node dials its peers, and hears when somebody is there and when nobody is. */
export class PeerNetwork {
  readonly #world: PeerWorld;

  constructor(world: PeerWorld) {
    this.#world = world;
  }

  transportOf(process: SimulatedProcess, handlers: PeerHandlers): PeerTransport {
    process.handlers = handlers;
    let peers: readonly PeerAddress[] = [];
    const dial = (): void => {
      if (!process.isAlive) return;
      for (const { nodeId } of peers) if (!process.links.has(nodeId)) this.#dial(process, nodeId);
      this.#world.time.at(redialMs, dial);
    };
    this.#world.time.at(1, dial);
    return {
      setPeers: (next) => {
        peers = next;
        for (const nodeId of process.links.keys()) {
          if (!next.some((peer) => peer.nodeId === nodeId)) process.links.delete(nodeId);
        }
      },
      send: (to, packets) => this.#send(process, to, packets),
    };
  }

  /** The process is gone: whoever had a link to it finds that nobody listens there. */
  died(process: SimulatedProcess): void {
    for (const other of this.#world.processes.values()) {
      if (other.links.get(process.nodeId) === process) this.breakLink(other, process.nodeId, true);
    }
  }

  /** The link that `process` dialled breaks; what is on its way still arrives, or does not. */
  breakLink(process: SimulatedProcess, nodeId: string, wasRefused: boolean): boolean {
    if (!process.links.delete(nodeId)) return false;
    const [delay = 1] = this.#world.arrivals(nodeId, process.nodeId, undefined);
    this.#world.time.at(delay, () =>
      process.clock.deliver(() => process.handlers?.linkDown(nodeId, undefined, wasRefused)),
    );
    return true;
  }

  #dial(process: SimulatedProcess, nodeId: string): void {
    const peer = this.#world.processes.get(nodeId);
    const isCut = this.#world.isCut(process.nodeId, nodeId) || this.#world.isCut(nodeId, process.nodeId);
    const isThere = peer?.isAlive === true && !peer.clock.isStopped && !process.clock.isStopped;
    if (isCut || !isThere || process.handlers === undefined || peer.handlers === undefined) return;
    const ours = process.handlers.hello();
    const refusedThere = peer.handlers.judge(ours, false);
    if (refusedThere !== undefined) return process.handlers.refused(nodeId, { ...refusedThere, by: 'peer' });
    const hello = peer.handlers.hello();
    const refusedHere = process.handlers.judge(hello, true);
    if (refusedHere !== undefined) return process.handlers.refused(nodeId, { ...refusedHere, by: 'us' });
    process.links.set(nodeId, peer);
    process.member = memberId(process.nodeId, ours.incarnation);
    peer.member = memberId(nodeId, hello.incarnation);
    process.handlers.linkUp(peer.member, hello);
    this.#world.linked(ours, hello);
  }

  #send(process: SimulatedProcess, to: string, packets: readonly Packet[]): void {
    const nodeId = nodeIdOf(to);
    const peer = this.#world.processes.get(nodeId);
    const sender = process.member;
    if (!process.isAlive || peer === undefined || sender === undefined || peer.member !== to) return;
    if (process.links.get(nodeId) !== peer && peer.links.get(process.nodeId) !== process) return;
    for (const packet of packets) {
      this.#world.leaving(process.nodeId, nodeId, packet);
      for (const delay of this.#world.arrivals(process.nodeId, nodeId, packet)) {
        this.#world.time.at(delay, () => {
          if (!peer.isAlive || this.#world.isCut(process.nodeId, nodeId)) return;
          peer.clock.deliver(() => peer.handlers?.receive(sender, this.#world.travelled(packet)));
        });
      }
    }
  }
}
