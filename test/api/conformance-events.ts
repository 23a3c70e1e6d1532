import { expect, it } from 'vitest';
import type { ClusterEvent, ClusterEvents, LockProvider } from '../../src/index.ts';
import { freshName, outcomeOf, type Pair } from './pair.ts';

/** The next so many events. */
export const take = async (events: ClusterEvents, count: number): Promise<readonly ClusterEvent[]> => {
  const taken: ClusterEvent[] = [];
  while (taken.length < count) {
    const step = await events.next();
    if (step.done === true) throw new Error(`the events ended after ${taken.length}`);
    taken.push(step.value);
  }
  return taken;
};

const kindsOf = (events: readonly ClusterEvent[]): readonly string[] => events.map(({ kind }) => kind);

const positionsOf = (events: readonly ClusterEvent[]): readonly string[] =>
  events.map(({ index, place }) => `${index}.${place}`);

/** How one hears what happens. */
export const watching = (pair: () => Pair): void => {
  it('tells what happens to a lock from the call on, in order', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const events = subject.events({ prefix: name });
    const first = await subject.acquireLock(name);
    const waiting = subject.acquireLock(name);
    await expect.poll(async () => (await subject.inspect(name)).waiting).toBe(1);
    const late = await outcomeOf(other.acquireLock(name, { timeout: 20 }));
    await first.release();
    const second = await waiting;

    const seen = await take(events, 6);

    expect(late).toMatchObject({ code: 'TIMEOUT' });
    expect(kindsOf(seen)).toEqual(['granted', 'queued', 'queued', 'cancelled', 'released', 'granted']);
    expect(seen.every((event) => 'name' in event && event.name === name)).toBe(true);
    expect([seen[0], seen[5]]).toMatchObject([{ token: first.fencingToken }, { token: second.fencingToken }]);
    await events.return();
    await second.release();
  });

  it('tells the same at the same positions, whoever is asked', async () => {
    const { subject, other } = pair();
    const prefix = `${freshName()}/`;
    const { appliedIndex } = await other.list();
    for (const leaf of ['a', 'b', 'c']) await (await other.acquireLock(prefix + leaf)).release();

    const here = await take(subject.events({ prefix, after: appliedIndex }), 6);
    const there = await take(other.events({ prefix, after: appliedIndex }), 6);

    expect(here).toEqual(there);
    expect(new Set(positionsOf(here)).size).toBe(6);
  });

  it('goes on behind any event, and neither misses nor repeats one', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const { appliedIndex } = await subject.list();
    const held = await subject.acquireLock(name);
    const waiting = other.acquireLock(name);
    await expect.poll(async () => (await subject.inspect(name)).waiting).toBe(1);
    await held.release();
    await (await waiting).release();
    const all = await take(subject.events({ prefix: name, after: appliedIndex }), 5);

    const rests = await Promise.all(
      all.slice(0, -1).map((after, at) => take(subject.events({ prefix: name, after }), 4 - at)),
    );

    // The release and the grant that follows from it stand in one entry.
    expect(kindsOf(all)).toEqual(['granted', 'queued', 'released', 'granted', 'released']);
    expect(rests).toEqual([all.slice(1), all.slice(2), all.slice(3), all.slice(4)]);
  });

  it('tells more than fit into one page, and leaves other prefixes out', async () => {
    const { subject, other } = pair();
    const prefix = `${freshName()}/`;
    const events = subject.events({ prefix });
    const names = Array.from({ length: 600 }, (_, at) => `${prefix}${at}`);
    const handles = await Promise.all([...names, freshName()].map((name) => other.acquireLock(name)));
    await Promise.all(handles.map((handle) => handle.release()));

    const seen = await take(events, 1_200);

    expect(new Set(seen.map((event) => ('name' in event ? event.name : '')))).toEqual(new Set(names));
    expect(new Set(positionsOf(seen)).size).toBe(1_200);
  });

  it('tells of sessions and members when no prefix is given', async () => {
    const { subject } = pair();
    const kinds = new Set<string>();

    for await (const event of subject.events({ after: 0 })) {
      kinds.add(event.kind);
      expect(Object.keys(event)).not.toContain('nonce');
      if (kinds.has('session-opened') && kinds.has('granted')) break;
    }

    expect(kinds).toContain('session-opened');
  });

  it('waits for what is to come, and ends for whoever leaves', async () => {
    const { subject } = pair();
    const events = subject.events({ prefix: freshName() });
    const step = events.next();

    await events.return();

    expect(await step).toEqual({ done: true, value: undefined });
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });

  it('ends with the reason of an abort, once', async () => {
    const { subject } = pair();
    const controller = new AbortController();
    const events = subject.events({ prefix: freshName(), signal: controller.signal });
    const step = outcomeOf(events.next());
    const reason = new Error('mine');

    controller.abort(reason);

    expect(await step).toMatchObject({ code: 'CANCELLED', cause: reason });
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });
};

/** What is refused at the edge. */
export const refusingEvents = (subject: () => LockProvider): void => {
  it.each([
    [5],
    [null],
    [{ prefix: 3 }],
    [{ after: '5' }],
    [{ after: null }],
    [{ after: { index: 1 } }],
    [{ signal: {} }],
    [{ depth: 1 }],
  ])('throws a TypeError at once for events of %j', (options) => {
    const events: (options: never) => unknown = (given) => subject().events(given);

    expect(() => Reflect.apply(events, undefined, [options])).toThrow(TypeError);
    expect(() => Reflect.apply(events, undefined, [options])).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });

  it.each([
    [{ after: -1 }],
    [{ after: 1.5 }],
    [{ after: 2 ** 53 }],
    [{ after: { index: 1, place: -1 } }],
    [{ prefix: 'x'.repeat(513) }],
  ])('throws a RangeError at once for events of %j', (options) => {
    expect(() => subject().events(options)).toThrow(RangeError);
  });
};
