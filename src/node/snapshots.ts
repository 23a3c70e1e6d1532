import type { MemberId, SnapshotHead } from '../../raft/index.ts';
import type { Store } from '../../storage/index.ts';
import type { Packet, PeerTransport } from '../transport/index.ts';
import type { RuntimeOptions } from './options.ts';
import { SnapshotIntake } from './snapshot-receiver.ts';
import { SnapshotSender } from './snapshot-sender.ts';

export interface SnapshotsWorld {
  readonly options: RuntimeOptions;
  readonly store: Store;
  readonly transport: PeerTransport;
  /** This node's own term: a transfer from an older one is not worth taking in. */
  readonly term: () => number;
  readonly sent: (to: MemberId, delivered: boolean) => void;
  readonly received: (from: MemberId, term: number, head: SnapshotHead) => void;
}

/** A transfer without a sign of life for this many election timeouts has failed. */
const patienceElections = 5;

/** Both ends of snapshot transfers at one node. */
export class Snapshots {
  readonly #sender: SnapshotSender;
  readonly #intake: SnapshotIntake;

  constructor({ options, store, transport, term, sent, received }: SnapshotsWorld) {
    const { clock, limits, timings, logger } = options;
    this.#sender = new SnapshotSender({
      store,
      transport,
      clock,
      chunkBytes: limits.snapshotChunkBytes,
      patienceMs: timings.electionTimeout * patienceElections,
      ended: sent,
      unreadable: (to, { message: reason }) =>
        logger.error({ to, reason }, 'the table cannot be read, so that no snapshot of it can be sent'),
    });
    this.#intake = new SnapshotIntake({
      store,
      transport,
      term,
      received,
      refusedOne: (from, reason) => logger.warn({ from, reason }, 'a snapshot transfer was given up'),
    });
  }

  /** The log after this index must stay; infinite when nothing is being sent. */
  get oldestIndex(): number {
    return this.#sender.oldestIndex;
  }

  /** As the leader of `term`. */
  send(to: MemberId, term: number): void {
    this.#sender.start(to, term);
  }

  /** Waiting for a sign of life over a link that is not there would keep `peer` from its next chance for seconds. */
  linkChanged(peer: MemberId): void {
    this.#sender.broken(peer);
  }

  /** This node does not lead any more: its transfers end. */
  stopSending(): void {
    this.#sender.close();
  }

  receive(from: MemberId, packet: Packet & { readonly kind: 'snapshot' }): void {
    if (!Array.isArray(packet.body)) return;
    const tuple: readonly unknown[] = packet.body;
    if (packet.isReply) this.#sender.receive(from, tuple);
    else this.#intake.receive(from, tuple);
  }

  /** The core has judged what was received: it is being installed, or is of no use. */
  judged(isInstalling: boolean): void {
    this.#intake.judged(isInstalling);
  }

  /** What was received has become the table. */
  installed(): void {
    this.#intake.forget();
  }

  close(): void {
    this.#sender.close();
    this.#intake.close();
  }
}
