import { decodeConfiguration, type MemberId, type SnapshotHead } from '../../raft/index.ts';
import type { SnapshotReceiver, Store } from '../../storage/index.ts';
import type { PeerTransport, Value } from '../transport/index.ts';

interface Receiving {
  readonly from: MemberId;
  readonly id: number;
  readonly receiver: SnapshotReceiver;
  /** Chunks that came, in order, and chunks that are on disk. */
  arrived: number;
  stored: number;
  /** The storing of a chunk is under way; the next one waits for it. */
  queue: (() => void)[];
  isStoring: boolean;
  /** Whole and handed on: the store holds it for the installation, so nothing may take its place. */
  isHandedOn: boolean;
}

interface ReceiverWorld {
  readonly store: Store;
  readonly transport: PeerTransport;
  /** This node's own term. */
  readonly term: () => number;
  /** A whole, verified snapshot from the leader of `term` lies beside the table. */
  readonly received: (from: MemberId, term: number, head: SnapshotHead) => void;
  readonly refusedOne: (from: MemberId, reason: string) => void;
}

/** Takes in a snapshot, chunk by chunk, beside the table that goes on serving. Any disorder ends the transfer. */
export class SnapshotIntake {
  readonly #world: ReceiverWorld;
  #receiving: Receiving | undefined;

  constructor(world: ReceiverWorld) {
    this.#world = world;
  }

  receive(from: MemberId, tuple: readonly unknown[]): void {
    const [kind, id] = tuple;
    if (typeof id !== 'number') return this.#world.refusedOne(from, 'it has no transfer id');
    if (kind === 'start') return this.#start(from, id, tuple);
    const receiving = this.#receiving;
    if (receiving === undefined || receiving.from !== from || receiving.id !== id)
      return this.#reply(from, ['failed', id]);
    if (kind === 'chunk') return this.#chunk(receiving, tuple[2], tuple[3]);
    if (kind === 'end') return this.#finish(receiving, tuple[2], { chunks: tuple[3], checksum: tuple[4] });
    this.#fail(receiving, 'its kind is unknown');
  }

  /** What was handed on is being installed, or the core has no use for it. */
  judged(isInstalling: boolean): void {
    if (!isInstalling && this.#receiving?.isHandedOn === true) this.close();
  }

  /** The snapshot was installed. */
  forget(): void {
    this.#receiving = undefined;
  }

  close(): void {
    this.#receiving?.receiver.abort();
    this.#receiving = undefined;
  }

  #start(from: MemberId, id: number, [, , term, fields]: readonly unknown[]): void {
    const head = headOf(fields);
    if (head === undefined || !isCount(term)) return this.#world.refusedOne(from, 'its head is malformed');
    if (term < this.#world.term() || this.#receiving?.isHandedOn === true) return this.#reply(from, ['failed', id]);
    const receiver = this.#world.store.receiveSnapshot(head);
    this.#receiving = { from, id, receiver, arrived: 0, stored: 0, queue: [], isStoring: false, isHandedOn: false };
    this.#reply(from, ['got', id, 0]);
  }

  #chunk(receiving: Receiving, number: unknown, chunk: unknown): void {
    if (!(chunk instanceof Uint8Array)) return this.#fail(receiving, 'a chunk is not bytes');
    // A chunk that comes twice is not an error, a hole is: nothing can fill it in order.
    if (typeof number !== 'number' || number > receiving.arrived + 1)
      return this.#fail(receiving, 'a chunk is missing');
    if (number <= receiving.arrived) return;
    receiving.arrived = number;
    this.#store(receiving, () => {
      receiving.receiver.put(chunk, (outcome) => {
        if (this.#receiving !== receiving) return;
        if (!outcome.ok) return this.#fail(receiving, outcome.error.message);
        receiving.stored = number;
        this.#reply(receiving.from, ['got', receiving.id, number]);
        this.#storeNext(receiving);
      });
    });
  }

  #finish(receiving: Receiving, term: unknown, total: { readonly chunks: unknown; readonly checksum: unknown }): void {
    const { chunks, checksum } = total;
    if (typeof term !== 'number' || typeof chunks !== 'number' || typeof checksum !== 'number') {
      return this.#fail(receiving, 'its end is malformed');
    }
    if (chunks !== receiving.arrived) return this.#fail(receiving, 'chunks are missing at its end');
    this.#store(receiving, () => {
      receiving.receiver.finish({ chunks, checksum }, (outcome) => {
        if (this.#receiving !== receiving) return;
        if (!outcome.ok) return this.#fail(receiving, outcome.error.message);
        receiving.isHandedOn = true;
        this.#reply(receiving.from, ['done', receiving.id]);
        this.#world.received(receiving.from, term, receiving.receiver.head);
      });
    });
  }

  #store(receiving: Receiving, step: () => void): void {
    receiving.queue.push(step);
    if (!receiving.isStoring) this.#storeNext(receiving);
  }

  #storeNext(receiving: Receiving): void {
    const step = receiving.queue.shift();
    receiving.isStoring = step !== undefined;
    step?.();
  }

  #fail(receiving: Receiving, reason: string): void {
    this.#receiving = undefined;
    receiving.receiver.abort();
    this.#reply(receiving.from, ['failed', receiving.id]);
    this.#world.refusedOne(receiving.from, reason);
  }

  #reply(to: MemberId, body: Value): void {
    this.#world.transport.send(to, [{ kind: 'snapshot', isReply: true, body }]);
  }
}

function headOf(fields: unknown): SnapshotHead | undefined {
  if (!Array.isArray(fields)) return undefined;
  const [index, term, chain, configIndex, encoded]: readonly unknown[] = fields;
  if (!isCount(index) || !isCount(term) || !isCount(chain) || !isCount(configIndex)) return undefined;
  if (!(encoded instanceof Uint8Array)) return undefined;
  try {
    const configuration = { index: configIndex, configuration: decodeConfiguration(encoded) };
    return { position: { index, term, chain }, configuration };
  } catch {
    return undefined;
  }
}

const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
