import { expect, it } from 'vitest';
import type { ClusterEvent, ClusterEvents } from '../../src/index.ts';
import type { TestCluster } from '../../src/testing/public.ts';
import { codeOf, start } from './start.ts';

/** The next so many events, however much time that takes. */
const take = async (cluster: TestCluster, events: ClusterEvents, count: number): Promise<readonly ClusterEvent[]> => {
  const taken: ClusterEvent[] = [];
  while (taken.length < count) {
    const step = await cluster.settle(events.next());
    if (step.done === true) throw new Error(`the events ended after ${taken.length}`);
    taken.push(step.value);
  }
  return taken;
};

const namesOf = (events: readonly ClusterEvent[]): readonly string[] =>
  events.flatMap((event) => ('name' in event ? [`${event.kind} ${event.name}`] : []));

it('a client whose node dies goes on at another, and misses and repeats nothing', async () => {
  const cluster = await start();
  const client = cluster.client();
  const events = client.events({ prefix: 'job/' });
  const { nodeId } = await cluster.settle(client.status());
  const [survivor = ''] = cluster.nodeIds.filter((id) => id !== nodeId);
  await (await cluster.settle(cluster.node(survivor).acquireLock('job/1'))).release();
  const before = await take(cluster, events, 1);

  cluster.kill(nodeId);
  await (await cluster.settle(cluster.node(survivor).acquireLock('job/2'))).release();
  const after = await take(cluster, events, 3);

  expect(namesOf([...before, ...after])).toEqual([
    'granted job/1',
    'released job/1',
    'granted job/2',
    'released job/2',
  ]);
});

it('a client that is cut off for longer than a question may take goes on where it was', async () => {
  const cluster = await start();
  const client = cluster.client('shop');
  const events = client.events({ prefix: 'job/' });
  const step = events.next();
  await cluster.advance(100);

  cluster.isolate('shop');
  await cluster.settle(cluster.node('a').acquireLock('job/1'));
  await cluster.advance(30_000);
  cluster.heal();

  expect(await cluster.settle(step)).toMatchObject({ done: false, value: { kind: 'granted', name: 'job/1' } });
});

it('more readers than a node answers at one time are all told', async () => {
  const cluster = await start();
  const client = cluster.client();
  const steps = Array.from({ length: 70 }, () => client.events({ prefix: 'x' }).next());
  await cluster.advance(10_000);

  await cluster.settle(cluster.node('a').acquireLock('x'));

  const seen = await Promise.all(steps.map((step) => cluster.settle(step)));
  expect(seen.filter(({ done }) => done === false)).toHaveLength(70);
});

it('a step ends with the node that it was asked of, even if it was just asked', async () => {
  const cluster = await start();
  const events = cluster.node('a').events();
  const step = codeOf(events.next());

  cluster.kill('a');

  expect(await cluster.settle(step)).toBe('SHUTTING_DOWN');
  expect(await events.next()).toEqual({ done: true, value: undefined });
});

it.each(['a node', 'a client'])('a step ends when the provider is closed that is %s', async (who) => {
  const cluster = await start();
  const provider = who === 'a node' ? cluster.node('a') : cluster.client();
  const step = codeOf(provider.events().next());
  await cluster.advance(100);

  await cluster.settle(provider.close());

  expect(await cluster.settle(step)).toBe('SHUTTING_DOWN');
  expect(await codeOf(provider.events().next())).toBe('SHUTTING_DOWN');
});
