import type {
  CoreStatus,
  Effects,
  Entry,
  HardState,
  Input,
  LogWrite,
  MemberId,
  Message,
  Restored,
  SnapshotHead,
} from '../../../raft/index.ts';
import type { Observer } from '../../../src/node/index.ts';
import type { Table, TableEvent } from '../../../src/table/index.ts';
import { chainOf } from '../../../storage/index.ts';
import type { Ghost } from '../ghost.ts';
import { LogImage } from '../log-image.ts';
import { type Durable, Watch } from '../watch.ts';
import type { TableGhost } from './table-ghost.ts';

const noBallot: HardState = { term: 0, votedFor: undefined };

/** What the disk of one node would give back; follows every write that is durable. */
class DurableImage implements Durable {
  hardState: HardState;
  readonly log: LogImage;

  constructor(restored: Restored) {
    this.hardState = restored.hardState;
    this.log = new LogImage(restored, chainOf);
  }

  write(write: LogWrite): void {
    this.log.write(write, false);
    this.hardState = write.hardState ?? this.hardState;
  }
}

export interface ShoulderWorld {
  /** That member's disk was replaced by an older copy of it. */
  isOldCopy(member: MemberId): boolean;
  /** A law was broken inside the node's turn; it ends the node as well. */
  broken(error: unknown): void;
}

/** Watches one process of one node for the ghosts. */
export class Shoulder implements Observer {
  readonly #ghost: Ghost;
  readonly #tables: TableGhost;
  readonly #world: ShoulderWorld;
  #watch: Watch | undefined;
  #durable: DurableImage | undefined;
  #self = '';

  constructor(ghost: Ghost, tables: TableGhost, world: ShoulderWorld) {
    this.#ghost = ghost;
    this.#tables = tables;
    this.#world = world;
  }

  began(status: CoreStatus, restored: Restored): void {
    this.#durable = new DurableImage(restored);
    this.#self = status.self;
    // What the original had acknowledged counts on; what an old copy of it holds must not, and nobody lets it vote.
    if (!this.#world.isOldCopy(status.self)) this.#ghost.meet(status.self, this.#durable.log);
    this.#watch = new Watch(this.#ghost, { disk: this.#durable, status, restored, chainOf });
  }

  stepped(input: Input, core: { readonly status: CoreStatus }): void {
    // Only these can make a leader commit.
    const mayCommit = input.kind === 'durable' || (input.kind === 'message' && input.message.kind === 'append-reply');
    if (mayCommit) this.#judge(() => this.#watch?.stepped(core.status));
  }

  asked(effects: Effects, status: CoreStatus): void {
    this.#judge(() => {
      this.#watch?.saw(status, effects.persist?.write);
      this.#watch?.handed(effects.apply);
    });
  }

  applied(entry: Entry, events: readonly TableEvent[], table: Table): void {
    this.#judge(() => this.#tables.applied(this.#self, entry, events, table));
  }

  installed(head: SnapshotHead, table: Table): void {
    this.#judge(() => {
      this.#ghost.count('snapshots');
      this.#watch?.installed(head.position.index);
      this.#tables.compare(this.#self, head.position.index, table);
    });
  }

  /** A message leaves. */
  sends(message: Message): void {
    this.#judge(() => this.#watch?.sends(message));
  }

  /** A write is durable. */
  wrote(write: LogWrite): void {
    this.#judge(() => this.#durable?.write(write));
  }

  get ballot(): HardState {
    return this.#durable?.hardState ?? noBallot;
  }

  #judge(look: () => void): void {
    try {
      look();
    } catch (error) {
      this.#world.broken(error);
      throw error;
    }
  }
}
