import { describe, expect, it } from 'vitest';
import type { ElectionView, LockProvider, RunOptions } from '../../src/index.ts';
import type { TestCluster } from '../../src/testing/public.ts';
import { codeOf, start } from './start.ts';

/** Two nodes that do not lead the cluster. */
const nodesOf = (cluster: TestCluster): { readonly one: string; readonly two: string } => {
  const [one = '', two = ''] = cluster.nodeIds.filter((id) => id !== cluster.leader);
  return { one, two };
};

/** A candidate that works until it is to stop and a while longer, and what it lived through. */
class Worker {
  readonly lived: string[] = [];
  readonly tokens: number[] = [];
  readonly stop: AbortController = new AbortController();
  readonly run: Promise<unknown>;
  isAtWork = false;
  isHeld = (): boolean => false;

  constructor(cluster: TestCluster, provider: LockProvider, options: Partial<RunOptions> & { afterMs?: number } = {}) {
    const { afterMs = 2_000, ...rest } = options;
    this.run = codeOf(
      provider.createElection('x').run({
        signal: this.stop.signal,
        lead: async (leadership, stop) => {
          this.isAtWork = true;
          this.isHeld = () => leadership.isHeld;
          this.tokens.push(leadership.fencingToken);
          this.lived.push('leads');
          await new Promise((resolve) => stop.addEventListener('abort', resolve, { once: true }));
          this.lived.push(`is to stop: ${stop.reason?.code ?? stop.reason}`);
          const from = cluster.now;
          await cluster.until(() => cluster.now >= from + afterMs);
          this.isAtWork = false;
          this.lived.push('has ended');
        },
        ...rest,
      }),
    );
  }
}

/** What an observer sees from now on. */
const seenBy = (provider: LockProvider): { readonly views: ElectionView[]; readonly end: () => Promise<unknown> } => {
  const views: ElectionView[] = [];
  const leaders = provider.createElection('x').observe();
  const reading = codeOf(
    (async () => {
      for await (const view of leaders) views.push(view);
    })(),
  );
  return {
    views,
    end: async () => {
      await leaders.return();
      return await reading;
    },
  };
};

const rises = (numbers: readonly number[]): boolean =>
  numbers.every((number, at) => at === 0 || number >= (numbers[at - 1] ?? 0));

describe('a leader', () => {
  it('that is cut off is told before another one is elected, and campaigns again once it is back and has ended', async () => {
    const cluster = await start({ sessionTtl: 5_000 });
    const { one, two } = nodesOf(cluster);
    const first = new Worker(cluster, cluster.node(one), { afterMs: 20_000 });
    await cluster.until(() => first.tokens.length === 1);
    let seenAtElection: readonly unknown[] = [];
    const successor = cluster
      .node(two)
      .createElection('x')
      .campaign('two')
      .then((leadership) => {
        seenAtElection = [first.isHeld(), first.isAtWork, ...first.lived];
        return leadership;
      });

    cluster.isolate(one);
    const leadership = await cluster.settle(successor);
    cluster.heal();
    await leadership.resign();
    await cluster.until(() => first.tokens.length === 2);
    first.stop.abort('the end');
    const outcome = await cluster.settle(first.run);

    // The lease was lost, so nobody waited for its work; it waited for that itself.
    expect(seenAtElection).toEqual([false, true, 'leads', 'is to stop: LOCK_LOST']);
    expect(first.lived).toEqual([
      ...['leads', 'is to stop: LOCK_LOST', 'has ended'],
      ...['leads', 'is to stop: the end', 'has ended'],
    ]);
    expect(rises([first.tokens[0] ?? 0, leadership.fencingToken, first.tokens[1] ?? 0])).toBe(true);
    expect(outcome).toBe('none');
  });

  it('that is stopped is followed at once when its work has ended, and not before', async () => {
    const cluster = await start({ sessionTtl: 60_000 });
    const { one, two } = nodesOf(cluster);
    const [first, second] = [new Worker(cluster, cluster.node(one)), new Worker(cluster, cluster.node(two))];
    await cluster.until(() => first.tokens.length === 1);
    const from = cluster.now;

    first.stop.abort('the end');
    await cluster.until(() => second.tokens.length === 1);
    const wasAtWork = first.isAtWork;
    const followedMs = cluster.now - from;
    second.stop.abort('the end');
    await cluster.settle(Promise.all([first.run, second.run]));

    expect(wasAtWork).toBe(false);
    expect(followedMs).toBeGreaterThanOrEqual(2_000);
    expect(followedMs).toBeLessThan(3_000);
  });

  it('whose node is closed is told, and its run rejects once its work has ended', async () => {
    const cluster = await start();
    const { one } = nodesOf(cluster);
    const worker = new Worker(cluster, cluster.node(one));
    await cluster.until(() => worker.tokens.length === 1);

    await cluster.settle(cluster.node(one).close());
    const outcome = await cluster.settle(worker.run);

    expect(worker.lived).toEqual(['leads', 'is to stop: LOCK_LOST', 'has ended']);
    expect(outcome).toBe('SHUTTING_DOWN');
  });

  it('survives the loss of the quorum for less than its lease', async () => {
    const cluster = await start({ sessionTtl: 20_000 });
    const { one, two } = nodesOf(cluster);
    const worker = new Worker(cluster, cluster.client('shop'));
    await cluster.until(() => worker.tokens.length === 1);

    cluster.partition(
      [one],
      [two],
      cluster.nodeIds.filter((id) => id !== one && id !== two),
    );
    await cluster.advance(8_000);
    cluster.heal();
    await cluster.advance(20_000);
    const lived = [...worker.lived];
    worker.stop.abort('the end');
    await cluster.settle(worker.run);

    expect(lived).toEqual(['leads']);
  });
});

describe('an observer', () => {
  it('sees each leader although nodes die and come back, and never goes back', async () => {
    const cluster = await start({ sessionTtl: 2_000 });
    const client = cluster.client('watcher');
    const seen = seenBy(client);
    const tokens: number[] = [];
    for (let round = 0; round < 4; round += 1) {
      const { one } = nodesOf(cluster);
      const leadership = await cluster.settle(cluster.node(one).createElection('x').campaign(`${round}`));
      tokens.push(leadership.fencingToken);
      await cluster.until(() => seen.views.at(-1)?.token === leadership.fencingToken);
      const serving = (await cluster.settle(client.status())).nodeId;
      const victim = round % 2 === 0 ? one : serving;
      cluster.kill(victim);
      if (victim !== one) await cluster.settle(leadership.resign());
      await cluster.settle(cluster.restart(victim));
    }
    const outcome = await seen.end();

    const led = seen.views.flatMap(({ token }) => (token === null ? [] : [token]));
    expect([...new Set(led)]).toEqual(tokens);
    expect(rises(led)).toBe(true);
    expect(rises(seen.views.map(({ index }) => index))).toBe(true);
    expect(outcome).toBe('none');
  });

  it('that is cut off for long goes on with the latest', async () => {
    const cluster = await start();
    const client = cluster.client('watcher');
    const seen = seenBy(client);
    await cluster.until(() => seen.views.length === 1);

    cluster.isolate('watcher');
    const leadership = await cluster.settle(cluster.node('a').createElection('x').campaign('first'));
    await cluster.settle(leadership.proclaim('second'));
    await cluster.advance(60_000);
    cluster.heal();
    await cluster.until(() => seen.views.length === 2);
    await seen.end();

    expect(seen.views).toMatchObject([
      { leader: null, value: null },
      { leader: 'a', node: 'a', value: 'second', token: leadership.fencingToken },
    ]);
  });

  it('is told when its provider is closed', async () => {
    const cluster = await start();
    const client = cluster.client();
    const leaders = client.createElection('x').observe();
    await cluster.settle(leaders.next());
    const step = codeOf(leaders.next());

    await cluster.settle(client.close());

    expect(await cluster.settle(step)).toBe('SHUTTING_DOWN');
    expect(await leaders.next()).toEqual({ done: true, value: undefined });
  });
});
