import { afterAll, beforeAll, expect, it } from 'vitest';
import { Holdfast, type HoldfastClient, type HoldfastNode } from '../../src/index.ts';
import { quick, temporaryDirectory } from './cluster.ts';
import { freshName, outcomeOf } from './pair.ts';

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let node: HoldfastNode;
let client: HoldfastClient;
beforeAll(async () => {
  directory = await temporaryDirectory();
  const limits = { keptEvents: 1_024 };
  node = await Holdfast.open({ ...quick, dataDir: directory.path, listen: '127.0.0.1:0', limits });
  client = await Holdfast.connect({ endpoints: node.status().members.map(({ address }) => address) });
});
afterAll(async () => {
  await client.close();
  await node.close();
  await directory[Symbol.asyncDispose]();
});

it.each(['node', 'client'])(
  'a slow reader at a %s gets an error rather than a queue, and can begin anew',
  async (who) => {
    const provider = who === 'node' ? node : client;
    const prefix = `${freshName()}/`;
    const slow = provider.events({ prefix });
    await (await provider.acquireLock(`${prefix}first`)).release();
    const first = await slow.next();
    const handles = await Promise.all(Array.from({ length: 600 }, (_, at) => node.acquireLock(`${prefix}${at}`)));
    await Promise.all(handles.map((handle) => handle.release()));

    // What it has been given already it may still read.
    let error: unknown;
    while (error === undefined) {
      const step = await outcomeOf(slow.next());
      if (step instanceof Error) error = step;
    }
    const { appliedIndex } = await provider.list({ prefix });
    const anew = provider.events({ prefix, after: appliedIndex });
    const late = await node.acquireLock(`${prefix}late`);

    expect(first).toMatchObject({ value: { kind: 'granted' } });
    expect(error).toMatchObject({ code: 'EVENTS_LOST', firstIndex: expect.any(Number) });
    expect(await anew.next()).toMatchObject({ value: { kind: 'granted', token: late.fencingToken } });
    await late.release();
  },
);

it('from the index that the error names on, there are events', async () => {
  const prefix = freshName();
  const handles = await Promise.all(Array.from({ length: 700 }, (_, at) => node.acquireLock(`${prefix}${at}`)));
  await Promise.all(handles.map((handle) => handle.release()));
  const error = await outcomeOf(client.events({ after: 0 }).next());
  const firstIndex = error instanceof Error && 'firstIndex' in error ? Number(error.firstIndex) : 0;

  const { value } = await client.events({ after: firstIndex - 1 }).next();

  expect(firstIndex).toBeGreaterThan(1);
  expect(value?.index).toBeGreaterThanOrEqual(firstIndex);
});
