import type { CoreStatus } from '../../raft/index.ts';
import type { Beat } from './deadlines.ts';
import type { Forward } from './forward.ts';
import type { Leadership } from './leadership.ts';
import type { Tickets } from './tickets.ts';

/** Brings what this node's sessions ask for, and their heartbeats, to the leader: itself or another. */
export class Carrier {
  readonly #tickets: Tickets;
  readonly #leadership: Leadership;
  readonly #forward: Forward;
  #beats: Beat[] = [];

  constructor(tickets: Tickets, leadership: Leadership, forward: Forward) {
    this.#tickets = tickets;
    this.#leadership = leadership;
    this.#forward = forward;
  }

  /** Waits for the next turn; lost if no leader is known then, as a heartbeat may be. */
  beat(beat: Beat): void {
    this.#beats.push(beat);
  }

  /** Tells the sessions of this node which of their heartbeats count. */
  acknowledged(beats: readonly Beat[]): void {
    for (const { session, counter } of beats) this.#tickets.listenerOf(session)?.beatAcknowledged(counter);
  }

  /** Once per turn. Without a leader requests stay with their tickets, which try again. */
  carry({ role, leader }: CoreStatus): void {
    const outbox = this.#tickets.takeOutbox();
    const beats = this.#beats;
    this.#beats = [];
    if (role === 'leader') {
      const commands = outbox.map((ticket) => ticket.command);
      if (outbox.length > 0) this.#leadership.take(commands, (receipt) => this.#tickets.receipt(outbox, receipt));
      if (beats.length > 0) this.#leadership.beat(beats, (acked) => this.acknowledged(acked));
    } else if (leader !== undefined) {
      if (outbox.length > 0) this.#forward.sendCommands(leader, outbox);
      if (beats.length > 0) this.#forward.sendBeats(leader, beats);
    }
  }
}
