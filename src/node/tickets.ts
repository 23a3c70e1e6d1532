import type { Identity } from '../../storage/index.ts';
import type { Clock } from '../clock/index.ts';
import type {
  Answer,
  Command,
  Intervention,
  OpenSession,
  Sequence,
  SessionEnd,
  SessionId,
  Started,
  Table,
  TableEvent,
} from '../table/index.ts';
import type { OpenOutcome, SessionListener, SessionRequest } from './gateway.ts';
import { openFailures, takenBy } from './told.ts';

/** One command on its way: sent again under the same sequence until this node's own table shows its outcome. */
export interface Ticket {
  readonly command: Command;
  /** When to send it again; `Infinity` once the table has it and only the final answer is awaited. */
  due: number;
  attempts: number;
}

interface Attachment {
  readonly nonce: string;
  listener: SessionListener;
  readonly open: Map<Sequence, Ticket>;
  /** Set while the session is being said goodbye to. */
  goodbye: Ticket | undefined;
}

interface Opener {
  readonly listener: SessionListener;
  readonly done: (outcome: OpenOutcome) => void;
}

interface Opening {
  readonly ticket: Ticket;
  /** In the order in which they asked, which need not be that in which they were asked. */
  readonly openers: readonly Opener[];
}

/** What a leader said of a batch of commands it was handed. */
export type Receipt = 'accepted' | 'try-there' | 'slow-down';

const retryMs = { first: 250, accepted: 2_000, tryThere: 50, max: 4_000 };

/**
 * All requests of the sessions attached to this node. Outcomes are learned in one place: from the events of the local
 * table, by (session, sequence); whoever carried a command to the leader has nothing to say about it (ARCHITECTURE 2).
 */
export class Tickets {
  readonly #clock: Clock;
  readonly #openMax: number;
  readonly #attached = new Map<SessionId, Attachment>();
  readonly #openings = new Map<string, Opening>();
  #started: { readonly ticket: Ticket; readonly done: (isCurrent: boolean) => void } | undefined;
  #outbox: Ticket[] = [];
  #openCount = 0;
  #isAwaitedElsewhere = false;

  constructor(clock: Clock, openMax: number) {
    this.#clock = clock;
    this.#openMax = openMax;
  }

  /** Whether another request may be taken in. */
  get hasRoom(): boolean {
    return this.#openCount < this.#openMax;
  }

  get hasOutbox(): boolean {
    return this.#outbox.length > 0;
  }

  /**
   * From whom it is taken hears that it is unknown here, and asks anew if it still lives: what came last need not be what
   * was said last, for a stream that was given up may be read after the one that took its place.
   */
  attach(session: SessionId, nonce: string, listener: SessionListener): void {
    const known = this.#attached.get(session);
    if (known === undefined) {
      this.#attached.set(session, { nonce, listener, open: new Map(), goodbye: undefined });
      return;
    }
    const former = known.listener;
    known.listener = listener;
    if (former !== listener) former.ended('unknown');
  }

  /** Only if `listener` is still the one attached: a stream that ends late must not detach its successor. */
  detach(session: SessionId, listener: SessionListener): void {
    const attachment = this.#attached.get(session);
    if (attachment === undefined || attachment.listener !== listener) return;
    this.#openCount -= attachment.open.size;
    this.#attached.delete(session);
  }

  listenerOf(session: SessionId): SessionListener | undefined {
    return this.#attached.get(session)?.listener;
  }

  begin(command: Started, done: (isCurrent: boolean) => void): void {
    this.#started = { ticket: this.#issue(command), done };
  }

  open(command: OpenSession, listener: SessionListener, done: (outcome: OpenOutcome) => void): void {
    const before = this.#openings.get(command.nonce)?.openers ?? [];
    this.#openings.set(command.nonce, { ticket: this.#issue(command), openers: [...before, { listener, done }] });
  }

  submit(request: SessionRequest): void {
    const attachment = this.#attached.get(request.session);
    if (attachment === undefined) return;
    const known = attachment.open.get(request.sequence);
    if (known === undefined) this.#openCount += 1;
    attachment.open.set(request.sequence, this.#issue(request));
  }

  forget(session: SessionId, sequence: Sequence): void {
    if (this.#attached.get(session)?.open.delete(sequence) === true) this.#openCount -= 1;
  }

  /** That listener does not wait for that opening any more; others may. */
  forgetOpening(nonce: string, listener: SessionListener): void {
    const opening = this.#openings.get(nonce);
    if (opening === undefined) return;
    const openers = opening.openers.filter((opener) => opener.listener !== listener);
    if (openers.length === 0) this.#openings.delete(nonce);
    else this.#openings.set(nonce, { ...opening, openers });
  }

  end(session: SessionId): void {
    const attachment = this.#attached.get(session);
    if (attachment === undefined || attachment.goodbye !== undefined) return;
    attachment.goodbye = this.#issue({ kind: 'close', session });
  }

  /** Whether an answer came, since the last call, for a session of another node: there it is waited for. */
  takeAwaitedElsewhere(): boolean {
    const isAwaited = this.#isAwaitedElsewhere;
    this.#isAwaitedElsewhere = false;
    return isAwaited;
  }

  /** What is to be sent in this turn: new requests, and those whose time to be sent again has come. */
  takeOutbox(): readonly Ticket[] {
    const outbox = this.#outbox;
    this.#outbox = [];
    return outbox;
  }

  /** Puts everything whose time has come into the outbox. Called once per tick, not per turn: it looks at all. */
  retry(now: number): void {
    for (const ticket of this.#unsettled()) {
      if (ticket.due <= now) this.#resend(ticket);
    }
  }

  /** A new leader is known: whatever the former one did not commit is its to hear at once. */
  resendAll(): void {
    for (const ticket of this.#unsettled()) {
      if (ticket.due !== Number.POSITIVE_INFINITY) this.#resend(ticket);
    }
  }

  receipt(tickets: readonly Ticket[], receipt: Receipt): void {
    const now = this.#clock.now();
    for (const ticket of tickets) {
      if (ticket.due === Number.POSITIVE_INFINITY) continue;
      if (receipt === 'accepted') ticket.due = now + retryMs.accepted;
      else if (receipt === 'try-there') ticket.due = now + retryMs.tryThere;
      else ticket.due = now + backOff(ticket.attempts);
    }
  }

  /** What the local table says. */
  heard(event: TableEvent, self: { readonly identity: Pick<Identity, 'incarnation'>; readonly boot: string }): void {
    switch (event.kind) {
      case 'answered':
        return this.#answered(event.session, event.sequence, event.answer);
      case 'session-opened':
        return this.#opened(event.nonce, event.session);
      case 'session-refused':
        return this.#refused(event.nonce, event.reason);
      case 'session-ended':
        return this.#ended(event.session, event.end, event.by);
      case 'started':
        if (event.incarnation === self.identity.incarnation && event.boot === self.boot) this.#begun(event.isCurrent);
        return;
      case 'lost':
        return this.#taken(event);
      case 'granted':
      case 'released':
      case 'converted':
      case 'proclaimed':
      case 'orphaned':
      case 'delayed':
        return;
      case 'revoke-requested':
        return this.listenerOf(event.session)?.revokeRequested({ name: event.name, token: event.token, by: event.by });
      default:
        event satisfies never;
    }
  }

  /** The table was replaced by a snapshot: what happened between is read off the new one. */
  settleBy(table: Table, self: { readonly nodeId: string; readonly incarnation: string; readonly boot: string }): void {
    for (const nonce of [...this.#openings.keys()]) {
      const opened = table.views.sessionOf(nonce);
      if (opened !== undefined) this.#opened(nonce, opened.session);
    }
    for (const [session, attachment] of [...this.#attached]) {
      if (table.views.session(session) === undefined) {
        this.#ended(session, 'unknown');
        continue;
      }
      for (const sequence of [...attachment.open.keys()]) {
        const answer = table.views.answerOf(session, sequence);
        if (answer !== undefined) this.#answered(session, sequence, answer);
      }
      for (const taken of table.views.takenFrom(session)) attachment.listener.taken(taken);
    }
    const run = table.views.runOf(self.nodeId);
    if (run !== undefined && run.incarnation === self.incarnation && run.boot === self.boot) this.#begun(true);
  }

  /** The node stops: every session hears it now, before anything else happens to its locks. */
  endAll(outcome: OpenOutcome & { readonly ok: false }): void {
    const openings = [...this.#openings.values()];
    const sessions = [...this.#attached.keys()];
    this.#openings.clear();
    this.#started = undefined;
    for (const session of sessions) this.#ended(session, 'unknown');
    for (const { openers } of openings) for (const { done } of openers) done(outcome);
    this.#outbox = [];
  }

  #issue(command: Command): Ticket {
    const ticket: Ticket = { command, due: 0, attempts: 0 };
    this.#resend(ticket);
    return ticket;
  }

  #resend(ticket: Ticket): void {
    ticket.due = this.#clock.now() + backOff(ticket.attempts);
    ticket.attempts += 1;
    this.#outbox.push(ticket);
  }

  *#unsettled(): Iterable<Ticket> {
    if (this.#started !== undefined) yield this.#started.ticket;
    for (const opening of this.#openings.values()) yield opening.ticket;
    for (const attachment of this.#attached.values()) {
      yield* attachment.open.values();
      if (attachment.goodbye !== undefined) yield attachment.goodbye;
    }
  }

  #answered(session: SessionId, sequence: Sequence, answer: Answer): void {
    const attachment = this.#attached.get(session);
    const ticket = attachment?.open.get(sequence);
    if (attachment === undefined) this.#isAwaitedElsewhere = true;
    if (attachment === undefined || ticket === undefined) return;
    if (answer.kind === 'queued') {
      ticket.due = Number.POSITIVE_INFINITY;
    } else {
      attachment.open.delete(sequence);
      this.#openCount -= 1;
    }
    attachment.listener.answered(sequence, answer);
  }

  #opened(nonce: string, session: SessionId): void {
    for (const { listener, done } of this.#takeOpeners(nonce)) {
      this.attach(session, nonce, listener);
      done({ ok: true, session });
    }
  }

  #refused(nonce: string, reason: (TableEvent & { readonly kind: 'session-refused' })['reason']): void {
    for (const { done } of this.#takeOpeners(nonce)) done({ ok: false, failure: openFailures[reason] });
  }

  #takeOpeners(nonce: string): readonly Opener[] {
    const openers = this.#openings.get(nonce)?.openers ?? [];
    this.#openings.delete(nonce);
    return openers;
  }

  /** Whoever hears that his session ended needs not hear this. */
  #taken(event: TableEvent & { readonly kind: 'lost' }): void {
    if (event.by === undefined) return;
    const attachment = this.#attached.get(event.session);
    if (attachment === undefined) this.#isAwaitedElsewhere = true;
    else attachment.listener.taken(takenBy(event, event.by));
  }

  #ended(session: SessionId, end: SessionEnd, by?: Intervention): void {
    const attachment = this.#attached.get(session);
    if (attachment === undefined) return;
    this.#openCount -= attachment.open.size;
    this.#attached.delete(session);
    attachment.listener.ended(end, by);
  }

  #begun(isCurrent: boolean): void {
    const started = this.#started;
    this.#started = undefined;
    started?.done(isCurrent);
  }
}

const backOff = (attempts: number): number => Math.min(retryMs.first * 2 ** Math.min(attempts, 8), retryMs.max);
