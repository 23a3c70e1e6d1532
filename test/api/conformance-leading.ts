import { expect, it } from 'vitest';
import { waiting } from './conformance-elections.ts';
import { freshName, outcomeOf, type Pair } from './pair.ts';

/** A promise with its ends in the test's hand. */
const gate = (): { readonly opened: Promise<void>; readonly open: () => void } => {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
};

/** How somebody leads again and again. */
export const leading = (pair: () => Pair): void => {
  it('resigns only once its work has ended, and nobody else is elected before', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const stop = new AbortController();
    const [begun, mayEnd] = [gate(), gate()];
    const lived: string[] = [];
    const run = subject.createElection(name).run({
      value: 'v',
      signal: stop.signal,
      lead: async (leadership, signal) => {
        lived.push(`leads ${leadership.value}`);
        signal.addEventListener('abort', () => lived.push(`is to stop for ${signal.reason}`));
        begun.open();
        await mayEnd.opened;
        lived.push('has ended');
      },
    });
    await begun.opened;
    const next = other.createElection(name).campaign('w');
    await waiting(other, name, 1);

    stop.abort('the night');
    const meanwhile = await other.createElection(name).leader();
    mayEnd.open();
    await run;
    const successor = await next;

    expect(meanwhile.value).toBe('v');
    expect(lived).toEqual(['leads v', 'is to stop for the night', 'has ended']);
    await successor.resign();
  });

  it('campaigns again when its work has ended, behind those who wait', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const stop = new AbortController();
    const tokens: number[] = [];
    const run = subject.createElection(name).run({
      retryDelay: 1,
      signal: stop.signal,
      lead: ({ fencingToken }) => {
        tokens.push(fencingToken);
      },
    });
    await expect.poll(() => tokens.length).toBeGreaterThan(0);
    const between = await other.createElection(name).campaign('between');
    await waiting(other, name, 1);
    const before = tokens.length;

    await between.resign();
    await expect.poll(() => tokens.length).toBeGreaterThan(before);
    stop.abort();
    await run;

    expect(tokens).toEqual([...new Set(tokens)].sort((a, b) => a - b));
    expect(tokens.filter((token) => token > between.fencingToken).length).toBe(tokens.length - before);
    // A campaign that was won while it was given up is given back behind.
    await expect.poll(async () => (await other.createElection(name).leader()).leader).toBeNull();
  });

  it('resigns when its work fails, says so, and campaigns again', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const stop = new AbortController();
    const told: unknown[] = [];
    const seen: unknown[] = [];
    let terms = 0;
    const run = subject.createElection(name).run({
      retryDelay: 5,
      signal: stop.signal,
      onError: async (error) => {
        told.push(error);
      },
      lead: async () => {
        terms += 1;
        if (terms < 3) throw new Error(`term ${terms}`);
        seen.push((await other.createElection(name).leader()).token);
        stop.abort();
      },
    });
    await run;

    expect(told).toMatchObject([{ message: 'term 1' }, { message: 'term 2' }]);
    expect([terms, seen.length]).toEqual([3, 1]);
  });

  it('ends with what its onError throws, and resigns before', async () => {
    const { subject } = pair();
    const name = freshName();
    const fatal = new Error('fatal');
    const run = subject.createElection(name).run({
      onError: (error) => {
        throw error;
      },
      lead: () => Promise.reject(fatal),
    });

    expect(await outcomeOf(run)).toBe(fatal);
    expect((await subject.createElection(name).leader()).leader).toBeNull();
  });

  it('ends after one term if it is not to campaign again: well, or with the error', async () => {
    const { subject } = pair();
    const election = subject.createElection(freshName());
    const error = new Error('mine');

    const well = await outcomeOf(election.run({ again: false, lead: () => 5 }));
    const badly = await outcomeOf(election.run({ again: false, lead: () => Promise.reject(error) }));

    expect(well).toBeUndefined();
    expect(badly).toBe(error);
    expect((await election.leader()).leader).toBeNull();
  });

  it('does not take for an error what came of its stop', async () => {
    const { subject } = pair();
    const stop = new AbortController();
    const told: unknown[] = [];
    const begun = gate();
    const run = subject.createElection(freshName()).run({
      signal: stop.signal,
      onError: (error) => told.push(error),
      lead: (_, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
          begun.open();
        }),
    });
    await begun.opened;

    stop.abort(new Error('enough'));
    await run;

    expect(told).toEqual([]);
  });

  it('gives a campaign up when it is stopped, and asks nobody when it was before', async () => {
    const { subject, other } = pair();
    const name = freshName();
    await using _leader = await other.createElection(name).campaign('x');
    const stop = new AbortController();
    let terms = 0;
    const lead = (): void => {
      terms += 1;
    };
    const run = subject.createElection(name).run({ signal: stop.signal, lead });
    await waiting(other, name, 1);

    stop.abort();
    await run;
    await subject.createElection(name).run({ signal: stop.signal, lead });

    expect(terms).toBe(0);
    await waiting(other, name, 0);
  });
};
