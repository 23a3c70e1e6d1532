import { invariant } from './invariant.ts';
import type { Log } from './log.ts';
import type { AppendAccepted, AppendRejected } from './message.ts';
import type { CoreLimits } from './options.ts';
import type { PeerProgress } from './status.ts';
import type { Entry, LogIndex, MemberId } from './types.ts';

/** An append under way. */
interface Flight {
  readonly last: LogIndex;
  readonly bytes: number;
}

/**
 * What a leader knows of one peer. In `probe` one append at a time looks for the point where the logs agree; in
 * `replicate` appends stream within a window; in `snapshot` nothing is appended until the peer has got one.
 */
export class Progress {
  readonly id: MemberId;
  /** The requests up to here were given up: a refusal of one of them is no news (S24, S25). */
  #since: number;
  #mode: PeerProgress['mode'] = 'probe';
  /** Durable at the peer, and equal to our log. Never falls (S24). */
  #match: LogIndex = 0;
  /** Requests up to here are of a time before this was made: their replies say nothing at all. */
  readonly #first: number;
  /** The last request that had been sent when `#match` was learned. */
  #matchAsOf: number;
  /** Always above `#match`. */
  #next: LogIndex;
  #flights: Flight[] = [];
  #flightBytes = 0;
  /** Since when an answer is due that would move us on. */
  #waitsSince: number | undefined;
  /** No snapshot before. */
  #snapshotFrom = Number.NEGATIVE_INFINITY;
  #contactAt: number;
  #round = 0;
  #commitSent: LogIndex = 0;
  #reverted = false;

  constructor(id: MemberId, start: { readonly next: LogIndex; readonly since: number; readonly contactAt: number }) {
    this.id = id;
    this.#next = start.next;
    this.#since = start.since;
    this.#first = start.since;
    this.#matchAsOf = start.since;
    this.#contactAt = start.contactAt;
  }

  get match(): LogIndex {
    return this.#match;
  }

  get next(): LogIndex {
    return this.#next;
  }

  get mode(): PeerProgress['mode'] {
    return this.#mode;
  }

  get reverted(): boolean {
    return this.#reverted;
  }

  /** What counts towards a commit. */
  get countedMatch(): LogIndex {
    return this.#reverted ? 0 : this.#match;
  }

  /** When it was last heard of; a peer that lost its log counts as silent. */
  get contactAt(): number {
    return this.#reverted ? Number.NEGATIVE_INFINITY : this.#contactAt;
  }

  /** The newest heartbeat round that it answered. */
  get round(): number {
    return this.#reverted ? 0 : this.#round;
  }

  /** The largest commit index that it was told and could use. */
  get commitSent(): LogIndex {
    return this.#commitSent;
  }

  get flightBytes(): number {
    return this.#flightBytes;
  }

  heard(now: number): void {
    this.#contactAt = now;
  }

  answered(round: number): void {
    this.#round = Math.max(this.#round, round);
  }

  told(commit: LogIndex): void {
    this.#commitSent = Math.max(this.#commitSent, commit);
  }

  /** May entries go out now? */
  isOpen(limits: CoreLimits): boolean {
    if (this.#reverted || this.#mode === 'snapshot') return false;
    if (this.#mode === 'probe') return this.#waitsSince === undefined;
    return this.#flights.length < limits.inflightMessagesMax && this.#flightBytes < limits.inflightBytesMax;
  }

  /** No answer that moves us on for `patience` ms: something was lost on the way (S30, S79). */
  isOverdue(now: number, patience: number): boolean {
    return !this.#reverted && this.#waitsSince !== undefined && now - this.#waitsSince >= patience;
  }

  /** An append with `entries` was sent from `next`. */
  sent(entries: readonly Entry[], now: number): void {
    this.#waitsSince ??= now;
    if (this.#mode !== 'replicate' || entries.length === 0) return;
    const bytes = entries.reduce((sum, entry) => sum + entry.payload.length, 0);
    this.#next += entries.length;
    this.#flights.push({ last: this.#next - 1, bytes });
    this.#flightBytes += bytes;
  }

  /** An empty append was sent from `next`, to learn what became of the former ones. */
  asked(now: number): void {
    this.#waitsSince = now;
  }

  /** True if `match` rose. `asOf` is the last request sent so far. */
  accepted(reply: AppendAccepted, asOf: number, now: number): boolean {
    // A snapshot's acknowledgement answers no request and bears 0.
    if (this.#reverted || (reply.request !== 0 && reply.request <= this.#first)) return false;
    const rose = reply.match > this.#match;
    if (rose) {
      this.#match = reply.match;
      this.#matchAsOf = asOf;
    }
    this.#land(reply.match);
    // In a probe or snapshot only the answer to what is sought opens the stream; an older one just moves `match`.
    if (this.#mode !== 'replicate' && this.#match >= this.#next - 1) {
      this.#mode = 'replicate';
      this.#waitsSince = undefined;
    }
    this.#next = Math.max(this.#next, this.#match + 1);
    if (rose && this.#mode === 'replicate') this.#waitsSince = this.#flights.length > 0 ? now : undefined;
    else if (this.#mode === 'replicate' && this.#flights.length === 0) this.#waitsSince = undefined;
    return rose;
  }

  /** The peer's log differs at `reply.prevIndex`, or is too short. `asOf` is the last request sent so far. */
  rejected(reply: AppendRejected, log: Log, asOf: number): void {
    if (this.#reverted || reply.request <= this.#first) return;
    // Only a request sent after the acknowledgement came proves a loss: an older one may have been overtaken (S34).
    if (reply.lastIndex < this.#match && reply.request > this.#matchAsOf) {
      this.#reverted = true;
      this.#clear();
      return;
    }
    if (this.#mode === 'snapshot' || reply.request <= this.#since || reply.prevIndex <= this.#match) return;
    const agreed = log.lastAtMost(Math.min(reply.hintIndex, reply.prevIndex - 1), reply.hintTerm);
    this.#probe(Math.max(this.#match, agreed) + 1, asOf);
  }

  /** The link broke: what is under way is probably lost. */
  broken(asOf: number): void {
    if (this.#mode !== 'snapshot') this.#probe(this.#match + 1, asOf);
  }

  /** A snapshot may be asked for: the peer is beyond the window and was not just failed. */
  wantsSnapshot(now: number): boolean {
    return !this.#reverted && this.#mode !== 'snapshot' && now >= this.#snapshotFrom;
  }

  /** Nothing is sent until the peer acknowledges `base`, where our log begins, or more. */
  snapshotAsked(base: LogIndex): void {
    this.#clear();
    this.#mode = 'snapshot';
    this.#next = base + 1;
  }

  /** The whole snapshot is there; its acknowledgement is due, and may get lost. */
  snapshotDelivered(now: number): void {
    if (this.#mode === 'snapshot') this.#waitsSince = now;
  }

  /** No snapshot arrived, or its acknowledgement is missing: look again, from `next`. */
  snapshotEnded(next: LogIndex, notBefore: number): void {
    if (this.#mode !== 'snapshot') return;
    this.#snapshotFrom = notBefore;
    this.#probe(Math.max(this.#match + 1, next), this.#since);
  }

  #probe(next: LogIndex, asOf: number): void {
    this.#clear();
    this.#since = asOf;
    this.#mode = 'probe';
    this.#next = next;
  }

  #clear(): void {
    this.#flights = [];
    this.#flightBytes = 0;
    this.#waitsSince = undefined;
  }

  #land(index: LogIndex): void {
    let landed = 0;
    for (const flight of this.#flights) {
      if (flight.last > index) break;
      this.#flightBytes -= flight.bytes;
      landed += 1;
    }
    if (landed > 0) this.#flights.splice(0, landed);
    invariant(
      this.#flights.length > 0 || this.#flightBytes === 0,
      `${this.#flightBytes} bytes are in flight with nothing`,
    );
  }
}
