import type {
  AdminOutcome,
  Failure,
  Gateway,
  OpenOutcome,
  OpenRequest,
  Query,
  QueryOutcome,
  SessionListener,
  SessionRequest,
} from '../../src/node/index.ts';
import type { Answer, HoldName, Intervention, Sequence, SessionEnd, SessionId } from '../../src/table/index.ts';
import type { CallToWrite, Recorder, ResultToWrite } from './index.ts';
import { type Lie, truth } from './lies.ts';
import { callOf, type RecordedRequest, recordedOf, resultOf } from './recorded.ts';

/** The one book in which all gateways of a run write; every operation has a process of its own. */
export class Book {
  readonly recorder: Recorder;
  /** Who was told that token. */
  readonly ownerOf = new Map<number, string>();
  #processes = 0;

  constructor(recorder: Recorder) {
    this.recorder = recorder;
  }

  begin(call: CallToWrite): number {
    this.#processes += 1;
    this.recorder.invoke(this.#processes, call);
    return this.#processes;
  }

  end(process: number | undefined, result?: ResultToWrite): void {
    if (process === undefined || !this.recorder.isOpen(process)) return;
    if (result === undefined) this.recorder.unknown(process);
    else this.recorder.ok(process, result);
  }
}

/** The name of a session in a history. */
export const clientOf = (session: SessionId): string => `s${session}`;

/**
 * Writes down what the sessions of one node ask of the cluster and what they are told, between the two. A lie changes
 * what both the sessions and the book see, as a wrong cluster would.
 */
export class RecordingGateway implements Gateway {
  readonly #below: Gateway;
  readonly #book: Book;
  readonly #lie: Lie;
  readonly #soon: (run: () => void) => void;
  readonly #requests = new Map<string, { readonly process: number; readonly request: RecordedRequest }>();
  readonly #cancels = new Map<string, string>();
  readonly #beats = new Map<string, number>();
  readonly #closings = new Map<SessionId, number>();
  readonly #listeners = new Map<SessionId, SessionListener>();
  readonly #living = new Set<SessionId>();

  constructor(
    below: Gateway,
    world: { readonly book: Book; readonly soon: (run: () => void) => void; readonly lie?: Lie },
  ) {
    this.#below = below;
    this.#book = world.book;
    this.#soon = world.soon;
    this.#lie = world.lie ?? truth;
  }

  /** The sessions that nobody said have ended. */
  get living(): Iterable<SessionId> {
    return this.#living;
  }

  open(request: OpenRequest, listener: SessionListener, done: (outcome: OpenOutcome) => void): void {
    const process = this.#book.begin({ f: 'open', ttl_ms: request.ttlMs });
    let session: SessionId = 0;
    const between: SessionListener = {
      answered: (sequence, answer) => this.#answered(session, sequence, answer),
      beatAcknowledged: (counter) => this.#acknowledged(session, counter),
      taken: (taken) => this.#listeners.get(session)?.taken(taken),
      revokeRequested: (request) => this.#listeners.get(session)?.revokeRequested(request),
      contended: (hold) => this.#listeners.get(session)?.contended(hold),
      ended: (end, by) => this.#ended(session, end, by),
    };
    this.#below.open(request, between, (outcome) => {
      if (outcome.ok) {
        session = outcome.session;
        this.#listeners.set(session, listener);
        this.#living.add(session);
        this.#book.end(process, { client: clientOf(session) });
      } else this.#book.end(process);
      done(outcome);
    });
  }

  reluctance(): Failure | undefined {
    return this.#below.reluctance();
  }

  submit(asked: SessionRequest): void {
    const request = recordedOf(asked);
    const { session, sequence } = request;
    const key = keyOf(session, sequence);
    const client = clientOf(session);
    if (request.kind === 'cancel') this.#cancels.set(key, keyOf(session, request.target));
    else {
      this.#requests.set(key, { process: this.#book.begin(callOf(request, client)), request });
    }
    const instead = this.#lie.insteadOf(request);
    if (instead === undefined) this.#below.submit(request);
    else this.#soon(() => this.#answered(session, sequence, instead));
  }

  forget(session: SessionId, sequence: Sequence): void {
    this.#below.forget(session, sequence);
  }

  beat(session: SessionId, counter: number): void {
    this.#beats.set(keyOf(session, counter), this.#book.begin({ f: 'keepalive', client: clientOf(session) }));
    if (this.#lie.acknowledgesBeats) this.#soon(() => this.#acknowledged(session, counter));
    else this.#below.beat(session, counter);
  }

  end(session: SessionId): void {
    this.#closings.set(session, this.#book.begin({ f: 'close', client: clientOf(session) }));
    this.#below.end(session);
  }

  watchHold(session: SessionId, hold: HoldName): void {
    this.#below.watchHold(session, hold);
  }

  unwatchHold(session: SessionId, hold: HoldName): void {
    this.#below.unwatchHold(session, hold);
  }

  query(query: Query, done: (outcome: QueryOutcome) => void): void {
    this.#below.query(query, (outcome) => done(this.#lie.shown(query, outcome)));
  }

  replace(nodeId: string, done: (outcome: AdminOutcome) => void): void {
    this.#below.replace(nodeId, done);
  }

  #answered(session: SessionId, sequence: Sequence, told: Answer): void {
    const key = keyOf(session, sequence);
    const asked = this.#requests.get(key);
    const answer = asked === undefined ? told : this.#lie.told(asked.request, told);
    if (asked !== undefined) this.#write(session, asked, answer);
    else this.#cancelAnswered(session, this.#requests.get(this.#cancels.get(key) ?? ''), answer);
    this.#listeners.get(session)?.answered(sequence, answer);
  }

  /** What the answer to a cancel says of the acquire that it was for. */
  #cancelAnswered(
    session: SessionId,
    target: { readonly process: number; readonly request: RecordedRequest } | undefined,
    answer: Answer,
  ): void {
    if (target === undefined) return;
    if (answer.kind === 'cancelled') this.#book.end(target.process, { granted: false, reason: 'cancelled' });
    else if (answer.kind === 'already-granted') {
      this.#write(session, target, { kind: 'granted', token: answer.token, grantedAt: 0 });
    }
  }

  #write(
    session: SessionId,
    { process, request }: { readonly process: number; readonly request: RecordedRequest },
    answer: Answer,
  ): void {
    if (answer.kind === 'queued') return;
    if (answer.kind === 'granted') {
      const parts = request.kind === 'acquire-all' ? request.parts.length : 1;
      for (let at = 0; at < parts; at += 1) this.#book.ownerOf.set(answer.token + at, clientOf(session));
    }
    this.#book.end(process, resultOf(request, answer));
  }

  #acknowledged(session: SessionId, counter: number): void {
    this.#book.end(this.#beats.get(keyOf(session, counter)), {});
    this.#listeners.get(session)?.beatAcknowledged(counter);
  }

  #ended(session: SessionId, end: SessionEnd, by?: Intervention): void {
    const closing = this.#closings.get(session);
    // A node that has stopped knows no session any more: that says nothing of the cluster.
    if (end !== 'unknown') {
      this.#living.delete(session);
      if (end === 'closed' && closing !== undefined) this.#book.end(closing, {});
      else this.#book.recorder.expired(clientOf(session));
    }
    this.#listeners.get(session)?.ended(end, by);
  }
}

const keyOf = (session: SessionId, number: number): string => `${session} ${number}`;
