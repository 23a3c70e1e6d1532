import type { HoldfastClient } from 'holdfast';
import { expect, it } from 'vitest';
import { run, Serving } from './serving.ts';
import { until } from './waiting.ts';

/** `npm run test:long` asks for many more, with a node's own limits. */
const asked = process.env['HOLDFAST_TEST_ENTRIES'];
const entries = Number(asked ?? 1_500);
/** Otherwise a checkpoint comes soon, and little is kept behind it, so that this many are beyond the log all the same. */
const limits = asked === undefined ? ['--checkpoint-entries', '500', '--kept-entries', '100'] : [];

it(`a follower that was stopped for ${entries} entries catches up by snapshot`, {
  timeout: 120_000 + entries * 20,
}, async () => {
  await using serving = await Serving.of(['a', 'b', 'c'], limits);
  await using client = await serving.connect(60_000);
  const held = await client.acquireLock('held');
  const leader = await serving.leader();
  const [follower = 'none'] = serving.ids.filter((id) => id !== leader);
  await serving.node(follower).kill();
  const before = (await serving.status(leader))?.commitIndex ?? Number.NaN;

  // Clients of their own: what one client asks at the same moment shares an entry.
  const clients = await Promise.all(Array.from({ length: 6 }, async () => await serving.connect(60_000)));
  const work = async (each: HoldfastClient, at: number): Promise<void> => {
    for (let round = 0; round < 125; round += 1) await (await each.acquireLock(`work/${at}`)).release();
  };
  for (let committed = 0; committed < entries; ) {
    await Promise.all(clients.map(work));
    committed = ((await serving.status(leader))?.commitIndex ?? before) - before;
  }
  await Promise.all(clients.map(async (each) => await each.close()));
  const back = serving.start(follower);

  const goal = (await serving.status(leader))?.commitIndex ?? Number.NaN;
  await until(
    'the follower to catch up',
    async () => ((await serving.status(follower))?.appliedIndex ?? 0) >= goal,
    60_000,
  );
  // Its log line comes through a pipe.
  await until('it to say how', () => /a snapshot was installed/.test(back.out.join('\n')));
  const endpoints = ['--endpoints', serving.addressOf(follower)];
  const { out } = await run(['locks', '--local', '--json', ...endpoints]);
  expect(JSON.parse(out).locks).toMatchObject([{ name: 'held', holders: [{ token: held.fencingToken }] }]);
  expect(held.isHeld).toBe(true);
});
