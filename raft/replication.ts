import { violation } from './invariant.ts';
import type { AppendReply } from './message.ts';
import { Peers } from './peers.ts';
import { Progress } from './progress.ts';
import type { Server } from './server.ts';
import type { Entry, MemberId } from './types.ts';

/** Of a heartbeat that asks nothing. */
const noRound = 0;

/** A leader's appends, heartbeats and snapshots to each peer. */
export class Replication {
  readonly peers: Peers;
  readonly #server: Server;
  /** Rises with every append of this term; 0 is kept for acknowledgements of snapshots. */
  #request = 0;
  /** `granted` voted for us a moment ago, which is contact. */
  constructor(server: Server, granted: ReadonlySet<MemberId>) {
    this.#server = server;
    this.peers = new Peers(server.self, server.membership.configuration);
    this.followConfiguration();
    for (const progress of this.peers.all) if (granted.has(progress.id)) progress.heard(server.now);
  }

  /** The configuration in force has changed. */
  followConfiguration(): void {
    const next = this.#server.log.last.index + 1;
    const start = { next, since: this.#request, contactAt: Number.NEGATIVE_INFINITY };
    this.peers.follow(this.#server.membership.configuration, (id) => new Progress(id, start));
  }

  /** True if the peer's `match` rose. */
  replied(progress: Progress, reply: AppendReply): boolean {
    const { log, now } = this.#server;
    progress.heard(now);
    if (reply.request > this.#request) return false;
    if (!reply.accepted) {
      progress.rejected(reply, log, this.#request);
      return false;
    }
    if (reply.match > log.last.index) {
      violation(`${reply.from} claims entry ${reply.match} in our term, our log ends at ${log.last.index}`);
    }
    return progress.accepted(reply, this.#request, now);
  }

  /** The link to the peer broke, or what was asked cannot be asked again. */
  broken(progress: Progress): void {
    progress.broken(this.#request);
  }

  /** Sends every peer what it lacks, as far as windows and limits allow. */
  flush(): void {
    for (const progress of this.peers.all) {
      this.#stream(progress);
      this.#announce(progress);
    }
  }

  /** A heartbeat to everybody: proof of life, the commit index, and the question of a read round. */
  beat(round: number): void {
    for (const progress of this.peers.all) this.#heartbeat(progress, round);
  }

  /** Asks again where an answer is overdue; once a heartbeat interval. */
  retry(): void {
    const { log, now, options } = this.#server;
    for (const progress of this.peers.all) {
      if (progress.mode === 'snapshot') {
        // The acknowledgement is lost, or the peer is slow: probing at our base finds out which.
        if (progress.isOverdue(now, options.electionTimeout)) {
          progress.snapshotEnded(log.base.index + 1, now + options.electionTimeout);
        }
      } else if (progress.isOverdue(now, options.heartbeatInterval)) {
        // The log was cut past what we asked about: only a snapshot helps (S28).
        if (progress.next <= log.base.index) this.broken(progress);
        else this.#ask(progress);
      }
    }
  }

  #stream(progress: Progress): void {
    const { log, options, now } = this.#server;
    const { limits } = options;
    const batchLimits = { entriesMax: limits.appendEntriesMax, bytesMax: limits.appendBytesMax };
    while (progress.isOpen(limits)) {
      if (progress.next <= log.base.index) {
        this.#offerSnapshot(progress);
        return;
      }
      if (progress.mode === 'replicate' && progress.next > log.last.index) return;
      const entries = log.batch(progress.next, batchLimits);
      this.#append(progress, entries);
      progress.sent(entries, now);
    }
  }

  /** Empty: if entries were lost, the refusal says from where on; if they are only slow, nothing is sent twice. */
  #ask(progress: Progress): void {
    this.#append(progress, []);
    progress.asked(this.#server.now);
  }

  #offerSnapshot(progress: Progress): void {
    const { log, now, options, outbox } = this.#server;
    // To a peer that is down it would only tie up the one transfer it may have (S70).
    if (!progress.wantsSnapshot(now) || now - progress.contactAt >= options.electionTimeout) return;
    progress.snapshotAsked(log.base.index);
    outbox.wantSnapshot(progress.id);
  }

  #append(progress: Progress, entries: readonly Entry[]): void {
    const { log, self, term, commit } = this.#server;
    const prevIndex = progress.next - 1;
    const prevTerm =
      log.termAt(prevIndex) ?? violation(`an append after ${prevIndex}, the log begins at ${log.base.index}`);
    this.#request += 1;
    const request = this.#request;
    this.#server.post({
      kind: 'append',
      from: self,
      to: progress.id,
      term,
      request,
      prevIndex,
      prevTerm,
      entries,
      commit,
    });
    // Only a stream is sure enough to arrive in order for its receiver to make use of all of it.
    if (progress.mode === 'replicate') progress.told(Math.min(commit, prevIndex + entries.length));
  }

  /** A commit is told at once: waiters elsewhere see their locks granted by it. Nobody needs an answer. */
  #announce(progress: Progress): void {
    if (!progress.reverted && Math.min(progress.match, this.#server.commit) > progress.commitSent) {
      this.#heartbeat(progress, noRound);
    }
  }

  #heartbeat(progress: Progress, round: number): void {
    const { self, term } = this.#server;
    const commit = Math.min(progress.countedMatch, this.#server.commit);
    this.#server.post({ kind: 'heartbeat', from: self, to: progress.id, term, commit, round });
    progress.told(commit);
  }
}
