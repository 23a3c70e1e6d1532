import type { LogIndex, MemberId } from './types.ts';

/** Who waits for a read index: somebody here, or a follower. */
export type Asker =
  | { readonly kind: 'local'; readonly id: number }
  | { readonly kind: 'peer'; readonly from: MemberId; readonly read: number };

/** Askers that share one answer. */
export interface ReadBatch {
  readonly index: LogIndex;
  readonly askers: readonly Asker[];
}

/** Reads that wait at one server; more are refused. */
export const readsMax = 65_536;

/**
 * A leader's reads (dissertation, 6.4). The round counter is the leader's own and rises within its term, so neither a
 * repeated request nor a late answer can confirm what was asked after the round went out (S41).
 */
export class ReadRounds {
  #asked: Asker[] = [];
  #rounds: (ReadBatch & { readonly round: number })[] = [];
  #waiting = 0;

  /** Somebody asked since the last round began. */
  get hasNews(): boolean {
    return this.#asked.length > 0;
  }

  /** False if too many wait. */
  ask(asker: Asker): boolean {
    if (this.#waiting >= readsMax) return false;
    this.#waiting += 1;
    this.#asked.push(asker);
    return true;
  }

  /** Everybody who asked so far waits for `round`, about to be sent; `index` is the commit index now. */
  begin(round: number, index: LogIndex): void {
    this.#rounds.push({ round, index, askers: this.#asked });
    this.#asked = [];
  }

  /** A quorum answered `round`, and with it all before. */
  confirm(round: number): readonly ReadBatch[] {
    let confirmed = 0;
    while ((this.#rounds[confirmed]?.round ?? Number.POSITIVE_INFINITY) <= round) confirmed += 1;
    if (confirmed === 0) return [];
    const batches = this.#rounds.splice(0, confirmed);
    for (const batch of batches) this.#waiting -= batch.askers.length;
    return batches;
  }

  /** Everybody, when the leader is none any more. */
  drain(): readonly Asker[] {
    const askers = [...this.#rounds.flatMap((batch) => batch.askers), ...this.#asked];
    this.#rounds = [];
    this.#asked = [];
    this.#waiting = 0;
    return askers;
  }
}

/** A follower's reads, on their way to the leader of its term. */
export class ReadRequests {
  #asked: number[] = [];
  #sent: { readonly read: number; readonly at: number; readonly ids: readonly number[] }[] = [];
  #waiting = 0;

  /** False if too many wait. */
  ask(id: number): boolean {
    if (this.#waiting >= readsMax) return false;
    this.#waiting += 1;
    this.#asked.push(id);
    return true;
  }

  /** Somebody asked since the last request was sent. */
  get hasNews(): boolean {
    return this.#asked.length > 0;
  }

  /** Puts those who asked since the last time under one request, `read`. */
  send(read: number, now: number): void {
    this.#sent.push({ read, at: now, ids: this.#asked });
    this.#asked = [];
  }

  /** Whom the answer to `read` concerns; nobody if it came before or too late. */
  answered(read: number): readonly number[] {
    const at = this.#sent.findIndex((request) => request.read === read);
    return at < 0 ? [] : this.#remove(at, 1);
  }

  /** Those whose request was sent at or before `time`. */
  expired(time: number): readonly number[] {
    let old = 0;
    while ((this.#sent[old]?.at ?? Number.POSITIVE_INFINITY) <= time) old += 1;
    return this.#remove(0, old);
  }

  drain(): readonly number[] {
    const ids = [...this.#remove(0, this.#sent.length), ...this.#asked];
    this.#asked = [];
    this.#waiting = 0;
    return ids;
  }

  #remove(at: number, count: number): readonly number[] {
    if (count === 0) return [];
    const ids = this.#sent.splice(at, count).flatMap((request) => request.ids);
    this.#waiting -= ids.length;
    return ids;
  }
}
