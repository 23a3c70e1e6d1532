import {
  type Configuration,
  Core,
  type CoreLimits,
  type CoreStatus,
  defaultCoreLimits,
  type Effects,
  type Entry,
  type HardState,
  type Input,
  type LogWrite,
  type MemberId,
  type Message,
  type Persist,
  type Position,
  type ProposalAnswer,
  type ReadAnswer,
  type Restored,
  type SnapshotHead,
} from '../../raft/index.ts';
import { chainOf, genesis, logOf, payloadOf, votersOf } from './entries.ts';
import { preVoteReply, voteReply } from './messages.ts';

/** The part of a disk that the core's writes describe, applied as the contract says. */
export class Disk {
  hardState: HardState = { term: 0, votedFor: undefined };
  base: Position = genesis;
  entries: Entry[] = [];
  checkpoint: SnapshotHead;

  constructor(configuration: Configuration) {
    this.checkpoint = { position: genesis, configuration: { index: 0, configuration } };
  }

  apply(write: LogWrite): void {
    if (write.hardState !== undefined) this.hardState = write.hardState;
    if (write.install !== undefined) {
      const { snapshot, keepsSuffix } = write.install;
      this.entries = keepsSuffix ? this.entries.filter((entry) => entry.index > snapshot.position.index) : [];
      this.base = snapshot.position;
      this.checkpoint = snapshot;
    }
    const { base, truncateFrom } = write;
    if (base !== undefined) {
      this.entries = this.entries.filter((entry) => entry.index > base.index);
      this.base = base;
    }
    if (truncateFrom !== undefined) this.entries = this.entries.filter((entry) => entry.index < truncateFrom);
    for (const entry of write.entries) {
      const last = this.entries.at(-1)?.index ?? this.base.index;
      if (entry.index !== last + 1) throw new Error(`a write puts entry ${entry.index} after ${last}`);
      this.entries.push(entry);
    }
  }

  restored(): Restored {
    return { hardState: this.hardState, checkpoint: this.checkpoint, base: this.base, entries: [...this.entries] };
  }
}

export interface NodeOptions {
  readonly configuration?: Configuration;
  readonly seed?: number;
  readonly limits?: Partial<CoreLimits>;
  readonly entries?: readonly Entry[];
  readonly term?: number;
  readonly checkpoint?: SnapshotHead;
}

export const heartbeatInterval = 100;
export const electionTimeout = 1000;

/** One core with a disk whose writes complete only when told to. */
export class Node {
  readonly id: MemberId;
  readonly disk: Disk;
  core: Core;
  now = 0;
  /** Messages that have left. */
  readonly outbox: Message[] = [];
  readonly writes: Persist[] = [];
  readonly applied: Entry[] = [];
  readonly proposals: ProposalAnswer[] = [];
  readonly reads: ReadAnswer[] = [];
  readonly snapshots: MemberId[] = [];
  /** Writes complete within the step that asked for them. */
  syncsAtOnce = true;
  appliesAtOnce = true;
  readonly #options: NodeOptions;
  #lives = 0;

  constructor(id: MemberId, options: NodeOptions = {}) {
    this.id = id;
    this.#options = options;
    this.disk = new Disk(options.configuration ?? votersOf('a', 'b', 'c'));
    this.disk.entries.push(...(options.entries ?? []));
    const term = options.term ?? options.entries?.at(-1)?.term ?? 0;
    this.disk.hardState = { term, votedFor: undefined };
    if (options.checkpoint !== undefined) this.disk.checkpoint = options.checkpoint;
    if (options.entries === undefined) this.disk.base = this.disk.checkpoint.position;
    this.core = this.#boot();
  }

  get status(): CoreStatus {
    return this.core.status;
  }

  step(input: Input): this {
    this.core.step(input, this.now);
    this.drain();
    return this;
  }

  /** Several inputs in one turn. */
  turn(...inputs: readonly Input[]): this {
    for (const input of inputs) this.core.step(input, this.now);
    this.drain();
    return this;
  }

  receive(...messages: readonly Message[]): this {
    return this.turn(...messages.map((message) => ({ kind: 'message', message }) as const));
  }

  /** Lets time pass in one jump, and ticks. */
  pass(ms: number): this {
    this.now += ms;
    return this.step({ kind: 'tick' });
  }

  /** Lets time pass in steps no stalled process would show. */
  wait(ms: number): this {
    for (let rest = ms; rest > 0; rest -= 50) this.pass(Math.min(50, rest));
    return this;
  }

  propose(text: string, id = 0): this {
    return this.step({ kind: 'propose', id, payload: payloadOf(text) });
  }

  /** Completes the oldest `count` writes, one by one. */
  sync(count = this.writes.length): this {
    for (let done = 0; done < count; done++) {
      const write = this.writes.shift();
      if (write === undefined) break;
      this.disk.apply(write.write);
      this.outbox.push(...write.thenSend);
      this.step({ kind: 'durable', write: write.id });
    }
    return this;
  }

  /** Loses what was not durable, and starts again from the disk. */
  restart(): this {
    this.writes.length = 0;
    this.outbox.length = 0;
    this.applied.length = 0;
    this.core = this.#boot();
    return this;
  }

  /** Messages that left since the last call, of one kind if asked. */
  sent<K extends Message['kind']>(kind: K): readonly Extract<Message, { kind: K }>[] {
    const is = (message: Message): message is Extract<Message, { kind: K }> => message.kind === kind;
    const found = this.outbox.filter(is);
    const rest = this.outbox.filter((message) => message.kind !== kind);
    this.outbox.length = 0;
    this.outbox.push(...rest);
    return found;
  }

  /** Takes effects until there are none. */
  drain(): void {
    for (let effects = this.core.take(); effects !== undefined; effects = this.core.take()) this.#perform(effects);
  }

  #perform(effects: Effects): void {
    this.outbox.push(...effects.send);
    this.proposals.push(...effects.proposals);
    this.reads.push(...effects.reads);
    this.snapshots.push(...effects.snapshots);
    this.applied.push(...effects.apply);
    const last = effects.apply.at(-1);
    if (effects.persist !== undefined) {
      this.writes.push(effects.persist);
      if (this.syncsAtOnce) this.sync();
    }
    if (last !== undefined && this.appliesAtOnce) this.core.step({ kind: 'applied', index: last.index }, this.now);
  }

  #boot(): Core {
    this.#lives += 1;
    const { seed = 1, limits } = this.#options;
    return new Core(
      {
        self: this.id,
        chainOf,
        seed: seed + 1000 * this.#lives,
        heartbeatInterval,
        electionTimeout,
        limits: { ...defaultCoreLimits, ...limits },
      },
      this.disk.restored(),
    );
  }
}

/**
 * `a` leads with the vote of `b`, among messages that the test writes itself; its log is `terms`, then the entry that
 * opens its term.
 */
export function leaderOver(terms: readonly number[], options: NodeOptions = {}): Node {
  const term = Math.max(0, ...terms) + 1;
  const node = new Node('a', { entries: logOf(terms), ...options });
  node.step({ kind: 'campaign' }).receive(preVoteReply({ term }), voteReply({ term }));
  if (node.status.role !== 'leader') throw new Error('not elected');
  return node;
}
