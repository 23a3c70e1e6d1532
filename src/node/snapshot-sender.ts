import { encodeConfiguration, type MemberId, type SnapshotHead } from '../../raft/index.ts';
import type { SnapshotReader, Store } from '../../storage/index.ts';
import type { Clock, Timer } from '../clock/index.ts';
import type { PeerTransport, Value } from '../transport/index.ts';

interface Transfer {
  readonly id: number;
  /** The term we led when it began: whoever leads later must not be spoken for. */
  readonly term: number;
  readonly reader: SnapshotReader;
  sent: number;
  acknowledged: number;
  isExhausted: boolean;
  isReading: boolean;
  timeout: Timer;
}

interface SenderWorld {
  readonly store: Store;
  readonly transport: PeerTransport;
  readonly clock: Clock;
  readonly chunkBytes: number;
  /** A transfer without an acknowledgement for this long has failed. */
  readonly patienceMs: number;
  readonly ended: (to: MemberId, delivered: boolean) => void;
  /** This node's own table cannot be read; the transfer has failed. */
  readonly unreadable: (to: MemberId, error: Error) => void;
}

/** Chunks under way at once: enough to hide a round trip, too few to fill the peer's memory. */
const windowChunks = 4;

/** Streams the newest checkpoint to peers that have fallen out of the log, one transfer a peer. */
export class SnapshotSender {
  readonly #world: SenderWorld;
  readonly #transfers = new Map<MemberId, Transfer>();
  #nextId = 1;

  constructor(world: SenderWorld) {
    this.#world = world;
  }

  /** The log after this index must stay: a snapshot that ends there is under way. */
  get oldestIndex(): number {
    let oldest = Number.POSITIVE_INFINITY;
    for (const transfer of this.#transfers.values()) oldest = Math.min(oldest, transfer.reader.head.position.index);
    return oldest;
  }

  /** As the leader of `term`. */
  start(to: MemberId, term: number): void {
    if (this.#transfers.has(to)) return;
    const reader = this.#world.store.readSnapshot();
    const id = this.#nextId;
    this.#nextId += 1;
    const timeout = this.#startPatience(to);
    this.#transfers.set(to, {
      id,
      term,
      reader,
      sent: 0,
      acknowledged: 0,
      isExhausted: false,
      isReading: false,
      timeout,
    });
    this.#send(to, ['start', id, term, headTuple(reader.head)]);
    this.#pump(to);
  }

  /** What the receiver says; stale words of an earlier transfer are ignored. */
  receive(from: MemberId, tuple: readonly unknown[]): void {
    const [kind, id, count] = tuple;
    const transfer = this.#transfers.get(from);
    if (transfer === undefined || transfer.id !== id) return;
    if (kind === 'done') return this.#end(from, true);
    if (kind !== 'got' || typeof count !== 'number') return this.#end(from, false);
    transfer.acknowledged = Math.max(transfer.acknowledged, count);
    transfer.timeout.cancel();
    transfer.timeout = this.#startPatience(from);
    this.#pump(from);
  }

  /** What was under way to `to` is lost, if anything was: its link broke, or is a new one. */
  broken(to: MemberId): void {
    if (this.#transfers.has(to)) this.#end(to, false);
  }

  close(): void {
    for (const to of [...this.#transfers.keys()]) this.#drop(to);
  }

  #pump(to: MemberId): void {
    const transfer = this.#transfers.get(to);
    if (transfer === undefined || transfer.isReading || transfer.isExhausted) return;
    if (transfer.sent - transfer.acknowledged >= windowChunks) return;
    transfer.isReading = true;
    transfer.reader.next(this.#world.chunkBytes, (outcome) => {
      transfer.isReading = false;
      if (this.#transfers.get(to) !== transfer) return;
      if (!outcome.ok) {
        this.#world.unreadable(to, outcome.error);
        return this.#end(to, false);
      }
      this.#sendChunk(to, transfer, outcome.value);
      this.#pump(to);
    });
  }

  #sendChunk(to: MemberId, transfer: Transfer, chunk: Uint8Array | undefined): void {
    if (chunk === undefined) {
      transfer.isExhausted = true;
      const { chunks, checksum } = transfer.reader.total;
      return this.#send(to, ['end', transfer.id, transfer.term, chunks, checksum]);
    }
    transfer.sent += 1;
    this.#send(to, ['chunk', transfer.id, transfer.sent, chunk]);
  }

  #startPatience(to: MemberId): Timer {
    return this.#world.clock.after(this.#world.patienceMs, () => this.#end(to, false));
  }

  #end(to: MemberId, delivered: boolean): void {
    this.#drop(to);
    this.#world.ended(to, delivered);
  }

  #drop(to: MemberId): void {
    const transfer = this.#transfers.get(to);
    if (transfer === undefined) return;
    this.#transfers.delete(to);
    transfer.timeout.cancel();
    transfer.reader.close();
  }

  #send(to: MemberId, body: Value): void {
    this.#world.transport.send(to, [{ kind: 'snapshot', isReply: false, body }]);
  }
}

function headTuple(head: SnapshotHead): Value {
  const { position, configuration } = head;
  return [
    position.index,
    position.term,
    position.chain,
    configuration.index,
    encodeConfiguration(configuration.configuration),
  ];
}
