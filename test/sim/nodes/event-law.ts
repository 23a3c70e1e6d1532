import type { Clock } from '../../../src/clock/index.ts';
import {
  type ClusterEvent,
  type EventPosition,
  type EventsAnswer,
  type Gateway,
  isBefore,
  wholeEntry,
} from '../../../src/node/index.ts';
import type { Ghost } from '../ghost.ts';

/** One process that reads events at its own node. */
export interface Watcher {
  readonly name: string;
  readonly gateway: Pick<Gateway, 'query'>;
  readonly clock: Clock;
  isAlive(): boolean;
}

interface Told extends EventPosition {
  readonly text: string;
}

interface Cursor {
  readonly after: EventPosition;
  /** Of the next event, among all that were told. */
  readonly at: number;
}

/** How long to wait for a node that is blank. */
const retryMs = 200;

/**
 * O7: whoever reads events is told the same at the same positions, in their order, and none is left out but where the
 * node says so. A process goes on where the events that anybody was told end, as a client does that lost its node.
 */
export class EventLaw {
  readonly #ghost: Ghost;
  /** Hears of breaches, inside a node's turn. */
  readonly #judge: (look: () => void) => void;
  readonly #told: Told[] = [];

  constructor(ghost: Ghost, judge: (look: () => void) => void) {
    this.#ghost = ghost;
    this.#judge = judge;
  }

  follow(watcher: Watcher): void {
    this.#read(watcher, { after: this.#told.at(-1) ?? { index: 0, place: wholeEntry }, at: this.#told.length });
  }

  #read(watcher: Watcher, cursor: Cursor): void {
    const { index, place } = cursor.after;
    watcher.gateway.query({ kind: 'events', prefix: '', after: { index, place } }, (outcome) => {
      if (!watcher.isAlive()) return;
      if (outcome.ok && isAnswer(outcome.value)) {
        const answer = outcome.value;
        return this.#judge(() => this.#read(watcher, this.#heard(watcher, cursor, answer)));
      }
      const isBlank = !outcome.ok && outcome.failure.code === 'NOT_READY';
      if (isBlank) watcher.clock.after(retryMs, () => this.#read(watcher, cursor));
    });
  }

  #heard({ name }: Watcher, { after, at }: Cursor, answer: EventsAnswer): Cursor {
    if ('firstIndex' in answer) {
      const behind = { index: answer.firstIndex - 1, place: wholeEntry };
      this.#ghost.demand(isBefore(after, behind), 'O7', () => `${name} lost what it has: ${answer.firstIndex}`);
      const next = this.#told.findIndex(({ index }) => index >= answer.firstIndex);
      return { after: behind, at: next === -1 ? this.#told.length : next };
    }
    for (const [nth, event] of answer.events.entries()) this.#tell(name, at + nth, event);
    return { after: answer.next, at: at + answer.events.length };
  }

  #tell(name: string, at: number, event: ClusterEvent): void {
    const text = JSON.stringify(event);
    const known = this.#told[at];
    if (known !== undefined) {
      return this.#ghost.demand(known.text === text, 'O7', () => `${name} is told ${text}, others were ${known.text}`);
    }
    const last = this.#told.at(-1);
    const isNew = last === undefined || isBefore(last, event);
    this.#ghost.demand(isNew, 'O7', () => `${name} is told ${text}, which was left out before ${last?.text}`);
    this.#told.push({ index: event.index, place: event.place, text });
    this.#ghost.count('events');
  }
}

const isAnswer = (value: unknown): value is EventsAnswer => typeof value === 'object' && value !== null;
