import type { MemberId, Message } from '../../raft/index.ts';
import { votersOf } from './entries.ts';
import { electionTimeout, Node, type NodeOptions } from './node.ts';

/** Nodes and the messages between them, which move only when told to. */
export class Cluster {
  readonly nodes: ReadonlyMap<MemberId, Node>;
  /** Links that lose everything, as `from>to`. */
  readonly cut: Set<string> = new Set();
  /** What else gets lost. */
  loses: (message: Message) => boolean = () => false;
  /** Every message that was delivered. */
  readonly delivered: Message[] = [];

  constructor(nodes: readonly Node[]) {
    this.nodes = new Map(nodes.map((node) => [node.id, node]));
  }

  static of(ids: readonly MemberId[], options: NodeOptions = {}): Cluster {
    return new Cluster(
      ids.map((id, at) => new Node(id, { configuration: votersOf(...ids), seed: at + 1, ...options })),
    );
  }

  node(id: MemberId): Node {
    const node = this.nodes.get(id);
    if (node === undefined) throw new Error(`no node ${id}`);
    return node;
  }

  isolate(id: MemberId): void {
    for (const other of this.nodes.keys()) {
      this.cut.add(`${id}>${other}`);
      this.cut.add(`${other}>${id}`);
    }
  }

  heal(): void {
    this.cut.clear();
  }

  /** Only members of one group reach each other; who is in none reaches nobody. */
  connect(...groups: readonly (readonly MemberId[])[]): this {
    this.cut.clear();
    for (const from of this.nodes.keys()) {
      for (const to of this.nodes.keys()) {
        if (!groups.some((group) => group.includes(from) && group.includes(to))) this.cut.add(`${from}>${to}`);
      }
    }
    return this;
  }

  /** All clocks go on without a tick: no patience ends, and nobody has heard of a leader lately. */
  forget(): this {
    for (const node of this.nodes.values()) node.now += electionTimeout;
    return this;
  }

  /** Delivers what is under way now, not what that causes. True if there was something. */
  round(): boolean {
    const messages = [...this.nodes.values()].flatMap((node) => node.outbox.splice(0));
    for (const message of messages) {
      if (this.cut.has(`${message.from}>${message.to}`) || this.loses(message)) continue;
      this.delivered.push(message);
      this.nodes.get(message.to)?.receive(message);
    }
    return messages.length > 0;
  }

  /** Delivers until nothing is under way. */
  settle(): this {
    for (let rounds = 0; this.round(); rounds++) if (rounds > 10_000) throw new Error('messages never end');
    return this;
  }

  /** Time passes for all, in steps, with delivery after each. */
  wait(ms: number): this {
    for (let rest = ms; rest > 0; rest -= 50) {
      for (const node of this.nodes.values()) node.pass(50);
      this.settle();
    }
    return this;
  }

  /** Makes `id` the leader, by its own campaign; by a second one if the first only taught it a higher term. */
  elect(id: MemberId): Node {
    const node = this.node(id);
    for (let tries = 0; tries < 2 && node.status.role !== 'leader'; tries++) {
      node.step({ kind: 'campaign' });
      this.settle();
    }
    if (node.status.role !== 'leader') throw new Error(`${id} was not elected: ${JSON.stringify(node.status)}`);
    return node;
  }

  leaders(): readonly MemberId[] {
    return [...this.nodes.values()].filter((node) => node.status.role === 'leader').map((node) => node.id);
  }
}
