import type { MemberId, Message } from '../../raft/index.ts';
import { votersOf } from './entries.ts';
import { Node, type NodeOptions } from './node.ts';

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

  /** Makes `id` the leader, by its own campaign. */
  elect(id: MemberId): Node {
    const node = this.node(id);
    node.step({ kind: 'campaign' });
    this.settle();
    if (node.status.role !== 'leader') throw new Error(`${id} was not elected: ${JSON.stringify(node.status)}`);
    return node;
  }

  leaders(): readonly MemberId[] {
    return [...this.nodes.values()].filter((node) => node.status.role === 'leader').map((node) => node.id);
  }
}
