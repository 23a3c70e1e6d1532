import { describe, expect, it } from 'vitest';
import { History } from '../../src/node/history.ts';
import { type ClusterEvent, wholeEntry } from '../../src/node/index.ts';
import { Narrator } from '../../src/node/narrator.ts';
import { type Command, defaultTableLimits, type Guarded, type OpenSession, Table } from '../../src/table/index.ts';

const nonceOf = (n: number): string => n.toString(16).padStart(32, '0');

/** A table whose changes are told; each command is an entry of its own. */
class Story {
  readonly #table = new Table(defaultTableLimits);
  readonly #history = new History(0, { eventsMax: 1_000, bytesMax: 1_000_000 });
  readonly #narrator = new Narrator(this.#history, this.#table);
  #index = 0;

  /** What is told of these commands. */
  apply(...commands: readonly Command[]): readonly ClusterEvent[] {
    const from = this.#index;
    for (const command of commands) {
      this.#index += 1;
      this.#narrator.begins(this.#index, command);
      this.#table.apply(this.#index, 1_000 * this.#index, command, (event) => this.#narrator.heard(event));
      this.#narrator.ended();
    }
    this.#history.reached(this.#index);
    const answer = this.#history.read({ index: from, place: wholeEntry }, '');
    return 'events' in answer ? answer.events : [];
  }

  /** Opens sessions 1 to `count`. */
  open(count: number, home?: OpenSession['home']): this {
    for (let n = 1; n <= count; n += 1) this.apply(openAs(n, home));
    return this;
  }
}

const openAs = (n: number, home?: OpenSession['home']): Command => ({
  kind: 'open',
  nonce: nonceOf(n),
  ttlMs: 10_000,
  home,
  label: `client ${n}`,
});

const acquire = (session: number, sequence: number, name = 'x'): Command => ({
  ...{ kind: 'acquire', session, sequence, mark: 0, name, mode: 'X', waits: true },
});

const told = (events: readonly ClusterEvent[]): readonly string[] =>
  events.map((event) => `${event.kind}:${'session' in event ? event.session : ''}`);

describe('what is told of the log', () => {
  it('has the place, the time and the names of all that happened', () => {
    const story = new Story().open(2);

    const events = story.apply(acquire(1, 1), acquire(2, 1), {
      ...{ kind: 'release', session: 1, sequence: 2, mark: 0, name: 'x', token: 1 },
    });

    expect(events).toEqual([
      { kind: 'granted', index: 3, place: 0, time: 3_000, name: 'x', session: 1, token: 1 },
      { kind: 'queued', index: 4, place: 0, time: 4_000, name: 'x', session: 2, sequence: 1 },
      { kind: 'released', index: 5, place: 0, time: 5_000, name: 'x', session: 1, token: 1 },
      { kind: 'granted', index: 5, place: 1, time: 5_000, name: 'x', session: 2, token: 2 },
    ]);
  });

  it('tells once what is asked for twice', () => {
    const story = new Story().open(2);

    const events = story.apply(acquire(1, 1), acquire(2, 1), acquire(2, 1), acquire(1, 1), openAs(1));

    expect(told(events)).toEqual(['granted:1', 'queued:2']);
  });

  it('tells of each lock that one request waits for', () => {
    const story = new Story().open(2);
    story.apply(acquire(1, 1, 'x'));
    const parts = ['x', 'y'].map((name) => ({ name, mode: 'X' as const, permits: 1, limit: 0 }));
    const both: Command = {
      ...{
        kind: 'acquire-all',
        session: 2,
        sequence: 1,
        mark: 0,
        parts,
        waits: true,
        owner: undefined,
        reenters: false,
      },
    };

    const waiting = story.apply(both, both);
    const over = story.apply({ kind: 'cancel', session: 2, sequence: 2, mark: 0, target: 1 });
    const again = story.apply({ ...both, sequence: 3 }, { kind: 'close', session: 2 });

    const named = (events: readonly ClusterEvent[]): readonly string[] =>
      events.map((event) => `${event.kind} ${'name' in event ? event.name : ''}`.trim());
    expect(named(waiting)).toEqual(['queued x', 'queued y']);
    expect(named(over)).toEqual(['cancelled x', 'cancelled y']);
    expect(named(again)).toEqual(['queued x', 'queued y', 'cancelled x', 'cancelled y', 'session-ended']);
  });

  it('tells of an upgrade, and of one that ends with its hold', () => {
    const story = new Story().open(2);
    const read = (session: number, mode: 'R' | 'U'): Extract<Command, { kind: 'acquire-all' }> => ({
      ...{ kind: 'acquire-all', session, sequence: 1, mark: 0, waits: true, owner: undefined, reenters: false },
      parts: [{ name: 'x', mode, permits: 1, limit: 0 }],
    });
    story.apply(read(1, 'U'), read(2, 'R'));
    const upgrade = (sequence: number): Extract<Command, { kind: 'upgrade' }> => ({
      ...{ kind: 'upgrade', session: 1, sequence, mark: 0, name: 'x', token: 1, waits: true },
    });

    const granted = story.apply(upgrade(2), {
      ...{ kind: 'release', session: 2, sequence: 2, mark: 0, name: 'x', token: 2 },
    });
    const weaker = story.apply(
      { kind: 'downgrade', session: 1, sequence: 3, mark: 0, name: 'x', token: 3, to: 'U' },
      { ...read(2, 'R'), sequence: 3 },
    );
    const ended = story.apply(
      { ...upgrade(4), token: 3 },
      {
        ...{ kind: 'release', session: 1, sequence: 5, mark: 0, name: 'x', token: 3 },
      },
    );

    expect(told(granted)).toEqual(['queued:1', 'released:2', 'converted:1']);
    expect(granted.at(-1)).toMatchObject({ kind: 'converted', name: 'x', had: 1, token: 3, mode: 'W' });
    expect(told(weaker)).toEqual(['converted:1', 'granted:2']);
    expect(told(ended).toSorted()).toEqual(['cancelled:1', 'queued:1', 'released:1']);
  });

  it('tells who waits no more because a semaphore has become too small', () => {
    const story = new Story().open(3);
    const take = (session: number, permits: number): Command => ({
      ...{ kind: 'acquire-all', session, sequence: 1, mark: 0, waits: true, owner: undefined, reenters: false },
      parts: [{ name: 's', mode: 'S', permits, limit: 4 }],
    });
    story.apply(take(1, 2), take(2, 4), take(3, 3));

    const events = story.apply({ kind: 'limit', session: 1, sequence: 2, mark: 0, name: 's', limit: 3 });

    expect(events.map((event) => [event.kind, 'session' in event ? event.session : 0])).toEqual([['cancelled', 2]]);
  });

  it('tells of what stands behind a guard as of any other, and nothing of what is fenced', () => {
    const story = new Story().open(2);
    const behind = (token: number, request: Guarded['request']): Command => {
      const { session, sequence, mark } = request;
      return { kind: 'guarded', session, sequence, mark, guard: { name: 'x', token }, request };
    };
    const waiting = { kind: 'acquire', session: 2, sequence: 1, mark: 0, name: 'x', mode: 'X', waits: true } as const;
    story.apply(acquire(1, 1));

    const events = story.apply(
      behind(1, waiting),
      behind(1, waiting),
      behind(1, { kind: 'cancel', session: 2, sequence: 2, mark: 0, target: 1 }),
      behind(9, { ...waiting, sequence: 3 }),
      behind(1, { kind: 'write', session: 2, sequence: 4, mark: 0, register: 'k', value: 'v', expected: undefined }),
      behind(1, { kind: 'release', session: 1, sequence: 2, mark: 0, name: 'x', token: 1 }),
    );

    expect(told(events)).toEqual(['queued:2', 'cancelled:2', 'released:1']);
  });

  it('tells which lock is waited for no more after a cancel, and nothing when nobody waited', () => {
    const story = new Story().open(2);
    story.apply(acquire(1, 1), acquire(2, 1));
    const cancel = (sequence: number, target: number): Command => ({
      ...{ kind: 'cancel', session: 2, sequence, mark: 0, target },
    });

    const events = story.apply(cancel(2, 1), cancel(2, 1), cancel(3, 1), cancel(4, 9), acquire(2, 9));

    expect(events).toEqual([
      { kind: 'cancelled', index: 5, place: 0, time: 5_000, name: 'x', session: 2, sequence: 1 },
    ]);
  });

  it('tells of everything that ends with a session, before it ends, and then who comes next', () => {
    const story = new Story().open(2);
    story.apply(acquire(1, 1, 'held'), acquire(2, 1, 'other'), acquire(1, 2, 'other'), acquire(2, 2, 'held'));

    const events = story.apply({ kind: 'close', session: 1 }, { kind: 'close', session: 1 });

    expect(told(events)).toEqual(['lost:1', 'cancelled:1', 'session-ended:1', 'granted:2']);
    expect(events[1]).toMatchObject({ name: 'other', sequence: 2 });
  });

  it('tells of an expiry that is void nothing', () => {
    const story = new Story().open(2);
    story.apply(acquire(1, 1), acquire(2, 1));

    expect(story.apply({ kind: 'expire', session: 2, version: 1 })).toEqual([]);
  });

  it('tells of the waits of all sessions that a new process of their node ends', () => {
    const home = { node: 'a', incarnation: nonceOf(7), run: 1 };
    const start = (run: number): Command => ({ kind: 'started', ...home, run, boot: nonceOf(run) });
    const story = new Story();
    story.apply(start(1));
    story.open(2, home);
    story.apply(acquire(1, 1), acquire(2, 1));

    const events = story.apply(start(2));

    expect(told(events)).toEqual(['lost:1', 'session-ended:1', 'cancelled:2', 'session-ended:2']);
  });

  it('tells who opened a session, without what would let one act for it', () => {
    const events = new Story().apply(openAs(1));

    expect(events).toEqual([
      {
        ...{ kind: 'session-opened', index: 1, place: 0, time: 1_000 },
        ...{ session: 1, label: 'client 1', node: null, ttlMs: 10_000 },
      },
    ]);
    expect(JSON.stringify(events)).not.toContain(nonceOf(1));
  });
});
