import type { Core, Effects, Message } from '../../raft/index.ts';
import type { MicroFigure } from './messages.ts';
import { turnsPerSecond } from './pace.ts';
import type { RaftModule, StorageModule } from './parts.ts';

const ids = ['a/1', 'b/1', 'c/1'] as const;
const payload = new Uint8Array(64).fill(7);

/** So often the log is cut, so that it does not grow with the length of the run. */
const compactEvery = 1_024;

/** Three cores whose disks and links answer at once: entries through propose, append, quorum, commit and apply. */
export function coreFigures(raft: RaftModule, storage: StorageModule, windowMs: number): readonly MicroFigure[] {
  const group = new Group(raft, storage);
  group.elect();
  const perSecond = turnsPerSecond(windowMs, () => group.propose());
  if (!group.hasCommittedAll) throw new Error('not everything that was proposed has been committed');
  return [
    { point: 'three cores, one entry a turn', figure: 'commits', unit: '/s', better: 'higher', value: perSecond },
  ];
}

class Group {
  readonly #cores: ReadonlyMap<string, Core>;
  readonly #leader: Core;
  readonly #queue: Message[] = [];
  #proposals = 0;
  #now = 0;

  constructor(raft: RaftModule, { chainOf }: StorageModule) {
    const voters = ids.map((id, at) => ({ id, address: `localhost:${at + 1}` }));
    const start = { index: 0, term: 0, chain: 0 };
    const position = {
      position: start,
      configuration: { index: 0, configuration: { voters, outgoing: [], learners: [] } },
    };
    const restored = { hardState: { term: 0, votedFor: undefined }, checkpoint: position, base: start, entries: [] };
    const timings = { heartbeatInterval: 100, electionTimeout: 1_000, limits: raft.defaultCoreLimits };
    const cores = ids.map((self, seed) => new raft.Core({ self, chainOf, seed, ...timings }, restored));
    this.#cores = new Map(cores.map((core, at) => [ids[at] ?? '', core]));
    const [leader] = cores;
    if (leader === undefined) throw new Error('a group has a first core');
    this.#leader = leader;
  }

  /** What a refused proposal costs is not what is measured. */
  get hasCommittedAll(): boolean {
    const { commitIndex, lastIndex } = this.#leader.status;
    return commitIndex === lastIndex && commitIndex >= this.#proposals;
  }

  elect(): void {
    // A vote is refused by whoever may still have a leader: long enough after the start nobody does.
    for (let tick = 0; tick < 100 && this.#leader.status.role !== 'leader'; tick += 1) {
      this.#now += 100;
      this.#leader.step({ kind: 'tick' }, this.#now);
      this.#leader.step({ kind: 'campaign' }, this.#now);
      this.#settle();
    }
    if (this.#leader.status.role !== 'leader') throw new Error('the first core was not elected');
  }

  propose(): void {
    this.#proposals += 1;
    this.#now += 0.01;
    this.#leader.step({ kind: 'propose', id: this.#proposals, payload }, this.#now);
    this.#leader.step({ kind: 'tick' }, this.#now);
    this.#settle();
    if (this.#proposals % compactEvery === 0) this.#compact();
  }

  #compact(): void {
    for (const core of this.#cores.values()) {
      core.step({ kind: 'compact', index: core.status.appliedIndex }, this.#now);
    }
    this.#settle();
  }

  /** Until nobody has anything to do. */
  #settle(): void {
    do {
      for (const message of this.#queue.splice(0)) {
        this.#cores.get(message.to)?.step({ kind: 'message', message }, this.#now);
      }
      for (const core of this.#cores.values()) this.#drain(core);
    } while (this.#queue.length > 0);
  }

  #drain(core: Core): void {
    for (let effects = core.take(); effects !== undefined; effects = core.take()) this.#perform(core, effects);
  }

  #perform(core: Core, { send, persist, apply }: Effects): void {
    this.#queue.push(...send);
    if (persist !== undefined) {
      this.#queue.push(...persist.thenSend);
      core.step({ kind: 'durable', write: persist.id }, this.#now);
    }
    const last = apply.at(-1);
    if (last !== undefined) core.step({ kind: 'applied', index: last.index }, this.#now);
  }
}
