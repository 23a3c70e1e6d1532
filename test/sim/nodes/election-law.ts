import type { ElectionView } from '../../../src/leader-watch.ts';
import type { Ghost } from '../ghost.ts';

/** A value of a leadership: whose it is, and the how-manieth. */
export const valueAt = (leader: string, count: number): string => `${leader} ${count}`;

const countIn = (value: string): number => Number(value.slice(value.lastIndexOf(' ') + 1));

interface Place {
  readonly token: number;
  readonly count: number;
}

const isBehind = (one: Place, other: Place): boolean =>
  one.token < other.token || (one.token === other.token && one.count < other.count);

/**
 * The law of elections as those see it who observe. O8: what one observer is shown never goes backwards, neither its index,
 * nor its token, nor the values of one leader; every value is its leader's own; and whoever asks who leads is shown nothing
 * older than what was confirmed to a leader before he asked. That nobody is elected while another term still runs is O1.
 */
export class ElectionLaw {
  readonly #ghost: Ghost;
  #confirmed: Place = { token: 0, count: 0 };

  constructor(ghost: Ghost) {
    this.#ghost = ghost;
  }

  /** A leader was told that everybody is shown this value of his. */
  confirmed(token: number, count: number): void {
    if (isBehind(this.#confirmed, { token, count })) this.#confirmed = { token, count };
  }

  /** Judges what one observer is shown, one view after the other. */
  observer(name: string): (view: ElectionView) => void {
    let index = 0;
    let last: Place = { token: 0, count: 0 };
    return (view) => {
      this.#ghost.demand(view.index >= index, 'O8', () => `${name} is shown index ${view.index} after ${index}`);
      index = view.index;
      const place = this.#placeOf(name, view);
      if (place === undefined) return;
      this.#ghost.demand(!isBehind(place, last), 'O8', () => `${name} is shown ${words(place)} after ${words(last)}`);
      last = place;
    };
  }

  /** What a question that is asked now must show at least, unless nobody leads by then. */
  expectation(name: string): (view: ElectionView) => void {
    const confirmed = this.#confirmed;
    return (view) => {
      const place = this.#placeOf(name, view);
      const isOld = place !== undefined && isBehind(place, confirmed);
      this.#ghost.demand(
        !isOld,
        'O8',
        () => `${name} asks after ${words(confirmed)} and is shown ${JSON.stringify(view)}`,
      );
    };
  }

  #placeOf(name: string, view: ElectionView): Place | undefined {
    if (view.leader === null) return undefined;
    const { leader, value, token } = view;
    const count = countIn(value);
    const isOwn = valueAt(leader, count) === value;
    this.#ghost.demand(isOwn, 'O8', () => `${name} is shown ${value} of ${leader}`);
    return { token, count };
  }
}

const words = ({ token, count }: Place): string => `value ${count} of token ${token}`;
