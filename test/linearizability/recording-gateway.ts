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
import type {
  Acquire,
  AcquireAll,
  Answer,
  Intervention,
  Sequence,
  SessionEnd,
  SessionId,
} from '../../src/table/index.ts';
import type { CallToWrite, Recorder, ResultToWrite } from './index.ts';
import { type Lie, truth } from './lies.ts';

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
  readonly #requests = new Map<string, { readonly process: number; readonly request: SessionRequest }>();
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

  submit(request: SessionRequest): void {
    const { session, sequence } = request;
    const key = keyOf(session, sequence);
    const client = clientOf(session);
    if (request.kind === 'cancel') this.#cancels.set(key, keyOf(session, request.target));
    else {
      const call: CallToWrite =
        request.kind === 'acquire' || request.kind === 'acquire-all'
          ? { f: request.waits ? 'acquire' : 'tryAcquire', ...wantedBy(request), client }
          : { f: 'release', ...holdOf(request), client };
      this.#requests.set(key, { process: this.#book.begin(call), request });
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
    target: { readonly process: number; readonly request: SessionRequest } | undefined,
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
    { process, request }: { readonly process: number; readonly request: SessionRequest },
    answer: Answer,
  ): void {
    if (answer.kind === 'queued') return;
    if (answer.kind === 'granted') this.#book.ownerOf.set(answer.token, clientOf(session));
    this.#book.end(process, request.kind.startsWith('acquire') ? grantingOf(answer) : releaseOf(answer));
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

/** What is wanted; the histories here know one lock a request, read or written or by permits. */
function wantedBy(
  request: Acquire | AcquireAll,
): Pick<CallToWrite & { readonly f: 'acquire' }, 'name' | 'mode' | 'permits'> {
  if (request.kind === 'acquire') return { name: request.name };
  const [part] = request.parts;
  if (part === undefined || request.parts.length > 1 || part.mode === 'U') throw new Error('no history says that');
  if (part.mode === 'S') return { name: part.name, permits: part.permits };
  return { name: part.name, mode: part.mode === 'R' ? 'r' : 'w' };
}

/** What a request is about that lets go of something; the histories here have no others. */
function holdOf(request: SessionRequest): { readonly name: string; readonly token: number } {
  if (request.kind !== 'release') throw new Error(`no history says ${request.kind}`);
  return { name: request.name, token: request.token };
}

const keyOf = (session: SessionId, number: number): string => `${session} ${number}`;

function grantingOf(answer: Answer): ResultToWrite | undefined {
  switch (answer.kind) {
    case 'granted':
      return { granted: true, token: answer.token };
    case 'busy':
      return { granted: false, reason: 'held' };
    case 'cancelled':
      return { granted: false, reason: 'cancelled' };
    case 'limit-exceeded':
      return { granted: false, reason: 'limit' };
    case 'session-expired':
      return { granted: false, reason: 'session' };
    default:
      return undefined;
  }
}

function releaseOf(answer: Answer): ResultToWrite | undefined {
  switch (answer.kind) {
    case 'released':
      return { released: true };
    case 'not-held':
      return { released: false };
    case 'session-expired':
      return { released: false, reason: 'session' };
    default:
      return undefined;
  }
}
