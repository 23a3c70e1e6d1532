import { isDeepStrictEqual } from 'node:util';
import type { Entry, LogIndex, MemberId } from '../../../raft/index.ts';
import { decodeBatch } from '../../../src/node/batch-codec.ts';
import { digestOf } from '../../../src/node/row-codec.ts';
import { defaultTableLimits, type Table, type TableEvent } from '../../../src/table/index.ts';
import { Model } from '../../table/model.ts';
import type { ModelClaim } from '../../table/model-claims.ts';
import type { Ghost } from '../ghost.ts';
import type { DelayLaw } from './delay-law.ts';

/** How often the tables of all members are compared whole: at indexes that this divides. */
const digestEvery = 16;

/** Hears of what the log makes of holds. */
export interface Ends {
  /** Nothing was heard of its session. */
  expired(name: string, token: number): void;
  /** Somebody ended it, or its session. */
  forced(token: number): void;
  /** An upgrade gave a hold another token. */
  converted(had: number, token: number): void;
  /** After a command that made somebody hold or wait: all who do. */
  stands(claims: readonly ModelClaim[]): void;
}

/**
 * What the lock table must have said: the naive model, fed with the committed log. Whoever executes an entry first is
 * judged by it, word for word (O0); everybody else by the digest of the whole table (I5).
 */
export class TableGhost {
  readonly #ghost: Ghost;
  readonly #ends: Ends;
  readonly #delays: DelayLaw;
  readonly #model = new Model(defaultTableLimits);
  readonly #recorded = new Map<string, { incarnation: string; run: number; since: LogIndex }>();
  #applied: LogIndex = 0;

  constructor(ghost: Ghost, ends: Ends, delays: DelayLaw) {
    this.#ghost = ghost;
    this.#ends = ends;
    this.#delays = delays;
  }

  /** Nobody holds or awaits anything, and no name is in delay. */
  get isClear(): boolean {
    return this.#model.claims.length === 0 && this.#model.delays.byName.size === 0;
  }

  /** The newest run of a node that the log has recorded, and since which entry. */
  recorded(
    nodeId: string,
  ): { readonly incarnation: string; readonly run: number; readonly since: LogIndex } | undefined {
    return this.#recorded.get(nodeId);
  }

  applied(member: MemberId, entry: Entry, said: readonly TableEvent[], table: Table): void {
    this.#ghost.applied(member, entry);
    if (entry.index > this.#applied) this.#executed(member, entry, said);
    if (entry.index % digestEvery === 0) this.compare(member, entry.index, table);
  }

  compare(member: MemberId, index: LogIndex, table: Table): void {
    this.#ghost.stateAt(member, index, Number.parseInt(digestOf(table).slice(0, 12), 16));
  }

  #executed(member: MemberId, entry: Entry, said: readonly TableEvent[]): void {
    const isNext = entry.index === this.#applied + 1;
    this.#ghost.demand(isNext, 'I12', () => `${member} executes ${entry.index}, nobody has executed the one before`);
    this.#applied = entry.index;
    if (entry.kind !== 'commands') return;
    const { stamp, commands } = decodeBatch(entry.payload);
    const expected = commands.flatMap((command) => {
      const events = this.#model.apply(stamp, command);
      this.#delays.executed(command, events);
      if (events.some(isArrival)) this.#ends.stands(this.#model.claims);
      return events;
    });
    const expired = new Set(
      expected.flatMap((event) => (event.kind === 'session-ended' && event.end === 'expired' ? [event.session] : [])),
    );
    const closed = new Set(
      expected.flatMap((event) => (event.kind === 'session-ended' && event.by !== undefined ? [event.session] : [])),
    );
    for (const event of expected) {
      if (event.kind === 'converted') this.#ends.converted(event.had, event.token);
      if (event.kind === 'lost' && (event.by !== undefined || closed.has(event.session))) {
        this.#ghost.count('forced ends');
        this.#ends.forced(event.token);
      }
      if (event.kind === 'orphaned') this.#ghost.count('orphans');
      if (event.kind === 'granted') this.#ghost.count('grants');
      if (event.kind === 'lost') this.#ghost.count('losses');
      if (event.kind === 'lost' && event.reason === 'overdue') this.#ghost.count('overdue holds');
      const endsBySilence = event.kind === 'lost' || event.kind === 'orphaned';
      if (endsBySilence && (isOverdue(event) || expired.has(event.session)))
        this.#ends.expired(event.name, event.token);
      // Whoever closed the session of a sticky hold tells its holder no sooner than of any other.
      if (event.kind === 'orphaned' && closed.has(event.session)) this.#ends.forced(event.token);
      if (event.kind === 'started' && event.isCurrent) {
        this.#recorded.set(event.node, { incarnation: event.incarnation, run: event.run, since: entry.index });
      }
    }
    this.#ghost.demand(isSame(said, expected), 'O0', () => {
      const words = JSON.stringify({ commands, said, expected });
      return `${member} executes ${entry.index} otherwise than the model: ${words}`;
    });
  }
}

const isOverdue = (event: TableEvent): boolean => event.kind === 'lost' && event.reason === 'overdue';

const isArrival = (event: TableEvent): boolean =>
  event.kind === 'granted' ||
  event.kind === 'converted' ||
  (event.kind === 'answered' && event.answer.kind === 'queued');

const isSame = (said: readonly TableEvent[], expected: readonly TableEvent[]): boolean =>
  JSON.stringify(said) === JSON.stringify(expected) || isDeepStrictEqual(plain(said), plain(expected));

/** Without properties that are there and undefined. */
const plain = (events: readonly TableEvent[]): unknown => JSON.parse(JSON.stringify(events));
