import { expect, it } from 'vitest';
import { createTestCluster } from '../../src/testing/public.ts';

it('a register outlives the restart of all nodes, one after the other and at once, with its version and token', async () => {
  await using cluster = await createTestCluster();
  const guard = await cluster.node('a').acquireLock('x');
  const register = cluster.node('a').createRegister('k');
  await register.set('one', { guard });
  await register.set('two', { guard });
  const before = await register.get();

  for (const id of cluster.nodeIds) {
    await cluster.kill(id);
    await cluster.restart(id);
  }
  const rolled = await cluster.node('b').createRegister('k').get();
  for (const id of cluster.nodeIds) await cluster.kill(id);
  await Promise.all(cluster.nodeIds.map((id) => cluster.restart(id)));
  const after = await cluster.node('c').createRegister('k').get();
  const late = { name: guard.name, token: guard.fencingToken };
  const next = await cluster.node('c').acquireLock('x');

  expect(before).toMatchObject({ value: 'two', version: 2, token: guard.fencingToken });
  expect([rolled, after]).toMatchObject([
    { value: 'two', version: 2, token: guard.fencingToken },
    { value: 'two', version: 2, token: guard.fencingToken },
  ]);
  await expect(cluster.node('c').createRegister('k').set('late', { guard: late })).rejects.toMatchObject({
    code: 'FENCED',
  });
  expect(await cluster.node('c').createRegister('k').compareAndSet(2, 'three', { guard: next })).toEqual({
    written: true,
    version: 3,
  });
});
