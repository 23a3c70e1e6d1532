import type { MemberId } from '../../raft/index.ts';
import type { Clock } from '../clock/index.ts';
import {
  askedFor,
  type Command,
  commandTuple,
  nameBytesMax,
  parseCommand,
  type Unguarded,
  valueBytesMax,
} from '../table/index.ts';
import type { PeerTransport, Value } from '../transport/index.ts';
import type { Beat } from './deadlines.ts';
import { type AdminOutcome, failureCodes } from './gateway.ts';
import { Orders } from './orders.ts';
import type { Receipt, Ticket } from './tickets.ts';

/** What nodes say to each other beside Raft: the follower's half asks, the leader's half answers. */
export interface ForwardHandlers {
  /** Commands for the log. `receipt` is called once or more; the last call stands. */
  commands(commands: readonly Command[], receipt: (receipt: Receipt) => void): void;
  beats(beats: readonly Beat[], acknowledge: (beats: readonly Beat[]) => void): void;
  replace(nodeId: string, done: (outcome: AdminOutcome) => void): void;
  /** The leader's answers to what we forwarded. */
  receipt(tickets: readonly Ticket[], receipt: Receipt): void;
  beatsAcknowledged(beats: readonly Beat[]): void;
  /** A peer sent what no version of holdfast sends. */
  malformed(from: MemberId, reason: string): void;
}

/** Batches whose receipt has not come; older ones are forgotten, their tickets are retried by time. */
const openBatchesMax = 1_024;

/** Names in the commands of one forwarded message: each is up to half a KiB, and a request for several locks has many. */
const batchNamesMax = 2_048;

/** Options of a hold take as much room as so many names. */
const optionNames = 3;

/** Who asks for what operators may do, and why. */
const orderNames = 2;

const namesPerValue = valueBytesMax / nameBytesMax;

const receipts: readonly Receipt[] = ['accepted', 'try-there', 'slow-down'];

/** Carries commands and heartbeats to the leader, in batches, over the forward stream; at most one hop. */
export class Forward {
  readonly #transport: Pick<PeerTransport, 'send'>;
  readonly #handlers: ForwardHandlers;
  readonly #batches = new Map<number, readonly Ticket[]>();
  readonly #orders: Orders;
  /** Batches of each peer that went into the log and whose receipts have not left. */
  readonly #accepted = new Map<MemberId, number[]>();
  #nextId = 1;

  constructor(transport: Pick<PeerTransport, 'send'>, clock: Clock, handlers: ForwardHandlers) {
    this.#transport = transport;
    this.#orders = new Orders(clock);
    this.#handlers = handlers;
  }

  sendCommands(to: MemberId, tickets: readonly Ticket[]): void {
    for (const batch of batchesOf(tickets)) {
      const id = this.#takeId();
      this.#batches.set(id, batch);
      forgetOldest(this.#batches, openBatchesMax);
      this.#send(to, false, ['commands', id, batch.map((ticket) => commandTuple(ticket.command))]);
    }
  }

  sendBeats(to: MemberId, beats: readonly Beat[]): void {
    this.#send(to, false, ['beats', beats.map(beatTuple)]);
  }

  sendReplace(to: MemberId, nodeId: string, done: (outcome: AdminOutcome) => void): void {
    const id = this.#takeId();
    this.#orders.add(id, to, done);
    this.#send(to, false, ['replace', id, nodeId]);
  }

  /**
   * Tells what went into the log. Once a heartbeat interval is enough: it only keeps the peer from sending again what
   * takes long, and most has its outcome before.
   */
  sendReceipts(): void {
    for (const [to, ids] of this.#accepted) {
      const packets = ids.map((id) => ({ kind: 'forward', isReply: true, body: receiptOf(id, 'accepted') }) as const);
      this.#transport.send(to, packets);
    }
    this.#accepted.clear();
  }

  /** Nobody will answer what was asked: the leader has changed, or this node stops. */
  failOrders(text: string): void {
    this.#orders.failAll(text);
  }

  /** The link to this peer broke: its answers may have been lost. */
  unreachable(peer: MemberId): void {
    this.#orders.unreachable(peer);
  }

  receive(from: MemberId, body: Value): void {
    const reason = Array.isArray(body) ? this.#receiveTuple(from, body) : 'it is no tuple';
    if (reason !== undefined) this.#handlers.malformed(from, reason);
  }

  /** The reason why the tuple makes no sense, if it makes none. */
  #receiveTuple(from: MemberId, tuple: readonly unknown[]): string | undefined {
    const [kind, second, third, fourth, fifth] = tuple;
    switch (kind) {
      case 'commands':
        return this.#receiveCommands(from, second, third);
      case 'beats':
        return this.#receiveBeats(second, (beats) => {
          this.#handlers.beats(beats, (acked) => this.#send(from, true, ['beat-acks', acked.map(beatTuple)]));
        });
      case 'beat-acks':
        return this.#receiveBeats(second, (beats) => this.#handlers.beatsAcknowledged(beats));
      case 'receipt':
        return this.#receiveReceipt(second, third);
      case 'replace':
        return this.#receiveReplace(from, second, third);
      case 'replaced':
        return this.#receiveReplaced(second, third, [fourth, fifth]);
      default:
        return `its kind is ${String(kind).slice(0, 32)}`;
    }
  }

  #receiveCommands(from: MemberId, id: unknown, tuples: unknown): string | undefined {
    if (!isCounter(id) || !Array.isArray(tuples) || tuples.length > batchNamesMax) return 'its commands are no batch';
    const commands: Command[] = [];
    for (const tuple of tuples) {
      const command = parseCommand(tuple);
      // One bad command would stop every node at every restart: the whole batch stays outside the log.
      if (command.kind === 'malformed') return command.reason;
      commands.push(command);
    }
    this.#handlers.commands(commands, (receipt) => {
      if (receipt === 'accepted') this.#acceptedFrom(from, id);
      else this.#send(from, true, receiptOf(id, receipt));
    });
    return undefined;
  }

  #receiveBeats(rows: unknown, use: (beats: readonly Beat[]) => void): string | undefined {
    if (!Array.isArray(rows)) return 'its heartbeats are no list';
    const beats: Beat[] = [];
    for (const row of rows) {
      if (!Array.isArray(row)) return 'a heartbeat in it is no pair';
      const [session, counter]: readonly unknown[] = row;
      if (!isCounter(session) || !isCounter(counter)) return 'a heartbeat in it has no session or counter';
      beats.push({ session, counter });
    }
    use(beats);
    return undefined;
  }

  #receiveReceipt(id: unknown, code: unknown): string | undefined {
    const receipt = typeof code === 'number' ? receipts[code] : undefined;
    if (!isCounter(id) || receipt === undefined) return 'it is no receipt';
    const tickets = this.#batches.get(id);
    this.#batches.delete(id);
    if (tickets !== undefined) this.#handlers.receipt(tickets, receipt);
    else this.#orders.taken(id);
    return undefined;
  }

  #receiveReplace(from: MemberId, id: unknown, nodeId: unknown): string | undefined {
    if (!isCounter(id) || typeof nodeId !== 'string') return 'it names no node';
    this.#send(from, true, receiptOf(id, 'accepted'));
    this.#handlers.replace(nodeId, (outcome) => {
      const { text, code } = outcome.ok ? { text: '', code: null } : outcome.failure;
      this.#send(from, true, ['replaced', id, outcome.ok, text, code]);
    });
    return undefined;
  }

  #receiveReplaced(id: unknown, isDone: unknown, [text, code]: readonly unknown[]): string | undefined {
    if (!isCounter(id) || typeof isDone !== 'boolean' || typeof text !== 'string') return 'it is no answer';
    // A leader of another version may give reasons that this node has no word for; their text still reaches a person.
    const known = failureCodes.find((candidate) => candidate === code) ?? 'INVALID_ARGUMENT';
    this.#orders.answered(id, isDone ? { ok: true } : { ok: false, failure: { code: known, text } });
    return undefined;
  }

  #acceptedFrom(peer: MemberId, id: number): void {
    const ids = this.#accepted.get(peer);
    if (ids === undefined) this.#accepted.set(peer, [id]);
    else ids.push(id);
  }

  #takeId(): number {
    const id = this.#nextId;
    this.#nextId += 1;
    return id;
  }

  #send(to: MemberId, isReply: boolean, body: Value): void {
    this.#transport.send(to, [{ kind: 'forward', isReply, body }]);
  }
}

const receiptOf = (id: number, receipt: Receipt): Value => ['receipt', id, receipts.indexOf(receipt)];

const beatTuple = (beat: Beat): readonly [number, number] => [beat.session, beat.counter];

const isCounter = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value > 0;

/** Maps keep the order of insertion: the first key is the oldest. */
function forgetOldest<T>(open: Map<number, T>, max: number): void {
  for (const id of open.keys()) {
    if (open.size <= max) return;
    open.delete(id);
  }
}

/** How much room a command takes, in names, at most. */
function namesIn(command: Command): number {
  const asked = askedFor(command);
  const own = ownNames(asked);
  return command.kind === 'guarded' ? own + 1 : own;
}

function ownNames(asked: Unguarded): number {
  switch (asked.kind) {
    case 'acquire-all':
      return asked.parts.length + (asked.options === undefined ? 0 : optionNames);
    case 'proclaim':
      return 1 + optionNames;
    case 'write':
      return 1 + namesPerValue;
    case 'force-release':
    case 'request-revoke':
    case 'end-session':
    case 'steal':
      return 1 + orderNames;
    default:
      return 1;
  }
}

/** The same tickets, in order, in batches that fit into a message. */
function* batchesOf(tickets: readonly Ticket[]): Iterable<readonly Ticket[]> {
  let from = 0;
  let names = 0;
  for (const [at, { command }] of tickets.entries()) {
    const more = namesIn(command);
    if (names + more > batchNamesMax) {
      yield tickets.slice(from, at);
      from = at;
      names = 0;
    }
    names += more;
  }
  if (from < tickets.length) yield tickets.slice(from);
}
