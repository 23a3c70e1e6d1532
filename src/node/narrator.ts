import { type Configuration, isVoter, membersOf, nodeIdOf } from '../../raft/index.ts';
import {
  type Answer,
  askedFor,
  type Command,
  type SessionId,
  type Table,
  type TableEvent,
  type Unguarded,
  type Wait,
} from '../table/index.ts';
import type { Happening } from './cluster-event.ts';
import type { History } from './history.ts';

/**
 * Tells the history what came of the log. What the table says in answer to one request is told by name here, from the
 * command under way and from the table as it was before: the same on every node, since both are.
 */
export class Narrator {
  readonly #history: History;
  #table: Table;
  #command: Unguarded | undefined;
  /** The command under way was answered before: it changes nothing, whatever is said again. */
  #isRepeated = false;
  /** By session: what the command under way may end without a grant. */
  readonly #waits = new Map<SessionId, Wait[]>();

  constructor(history: History, table: Table) {
    this.#history = history;
    this.#table = table;
  }

  get history(): History {
    return this.#history;
  }

  /** That command is executed next. Costs a look-up or two, unless it ends a session. */
  begins(index: number, whole: Command): void {
    const { views } = this.#table;
    const command = askedFor(whole);
    this.#history.enter(index);
    this.#command = command;
    switch (command.kind) {
      case 'acquire':
      case 'acquire-all':
      case 'upgrade':
        this.#isRepeated = command.waits && views.waitsAt(command.session, command.sequence).length > 0;
        return;
      case 'cancel': {
        const waits = views.waitsAt(command.session, command.target);
        if (waits.length > 0) this.#waits.set(command.session, [...waits]);
        return;
      }
      case 'open':
        this.#isRepeated = views.sessionOf(command.nonce) !== undefined;
        return;
      case 'close':
      case 'expire':
        return this.#mayEnd(command.session);
      case 'end-session':
        return this.#mayEnd(command.target);
      case 'started':
        for (const id of views.sessionIds()) if (views.session(id)?.home?.node === command.node) this.#mayEnd(id);
        return;
      case 'limit':
        for (const { session, waits } of views.waitersAt(command.name)) this.#mayCancel(session, waits);
        return;
      case 'force-release':
      case 'steal':
      case 'take-over':
        return this.#mayCancelUpgrade(command.name);
      case 'release':
      case 'downgrade':
      case 'proclaim':
      case 'write':
      case 'begun':
      case 'overdue':
      case 'delay-over':
      case 'request-revoke':
        return;
      default:
        command satisfies never;
    }
  }

  /** What the table says while it executes the command. */
  heard(event: TableEvent): void {
    switch (event.kind) {
      case 'granted':
      case 'converted':
      case 'proclaimed':
      case 'released':
      case 'lost':
      case 'orphaned':
      case 'revoke-requested':
        return this.#tell(event);
      case 'answered':
        return this.#answered(event);
      case 'session-opened':
        return this.#opened(event);
      case 'session-ended': {
        const { session, end, by } = event;
        // Nothing ended: it had before.
        if (end === 'unknown') return;
        for (const wait of this.#waits.get(session) ?? []) this.#cancelled(session, wait);
        return this.#tell({ kind: 'session-ended', session, end, ...(by === undefined ? {} : { by }) });
      }
      case 'session-refused':
      case 'delayed':
      case 'started':
        return;
      default:
        event satisfies never;
    }
  }

  /** The command was executed. */
  ended(): void {
    this.#command = undefined;
    this.#isRepeated = false;
    if (this.#waits.size > 0) this.#waits.clear();
  }

  configured(index: number, configuration: Configuration): void {
    this.#history.enter(index);
    const members = membersOf(configuration).map(({ id, address }) => ({
      id: nodeIdOf(id),
      address,
      voter: isVoter(configuration, id),
    }));
    this.#tell({ kind: 'membership', members });
  }

  /** A snapshot took the table's place. */
  replacedBy(table: Table, index: number): void {
    this.#table = table;
    this.#history.skipTo(index);
  }

  /** An upgrade ends with its hold, and stands before all others. */
  #mayCancelUpgrade(name: string): void {
    for (const { session, waits } of this.#table.views.waitersAt(name)) return this.#mayCancel(session, waits);
  }

  #mayCancel(session: SessionId, waits: readonly Wait[]): void {
    const known = this.#waits.get(session);
    if (known === undefined) this.#waits.set(session, [...waits]);
    else known.push(...waits);
  }

  #mayEnd(session: SessionId): void {
    const waits = [...this.#table.views.waitsOf(session)];
    if (waits.length > 0) this.#waits.set(session, waits);
  }

  #answered({ session, sequence, answer }: TableEvent & { readonly kind: 'answered' }): void {
    const command = this.#command;
    if (command === undefined || this.#isRepeated) return;
    if (answer.kind === 'queued') {
      for (const name of awaitedBy(command)) this.#tell({ kind: 'queued', name, session, sequence });
    }
    // Whoever wants more permits than a semaphore now has in all waits no more.
    if (answer.kind !== endOfWait(command)) return;
    // The end of a hold ends an upgrade that it waits for.
    if (command.kind === 'release' || command.kind === 'overdue')
      return this.#cancelled(session, { name: command.name, sequence });
    for (const wait of this.#waits.get(session) ?? []) if (wait.sequence === sequence) this.#cancelled(session, wait);
  }

  #cancelled(session: SessionId, { name, sequence }: Wait): void {
    this.#tell({ kind: 'cancelled', name, session, sequence });
  }

  /** Without the nonce, which is the client's secret. */
  #opened({ session, ttlMs }: TableEvent & { readonly kind: 'session-opened' }): void {
    if (this.#command?.kind !== 'open' || this.#isRepeated) return;
    const { label, home } = this.#command;
    this.#tell({ kind: 'session-opened', session, label, node: home?.node ?? null, ttlMs });
  }

  #tell(happening: Happening): void {
    this.#history.add(happening, this.#table.time);
  }
}

/** What those are answered whose waits such a command ends. */
function endOfWait({ kind }: Unguarded): Answer['kind'] {
  if (kind === 'limit') return 'semaphore-limit';
  return kind === 'force-release' || kind === 'steal' || kind === 'take-over' ? 'not-held' : 'cancelled';
}

/** The locks that a command may have to wait for. */
function awaitedBy(command: Unguarded): readonly string[] {
  if (command.kind === 'acquire-all') return command.parts.map(({ name }) => name);
  return command.kind === 'acquire' || command.kind === 'upgrade' ? [command.name] : [];
}
