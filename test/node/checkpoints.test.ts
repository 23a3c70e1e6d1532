import { expect, it } from 'vitest';
import { Applier } from '../../src/node/applier.ts';
import { Checkpoints } from '../../src/node/checkpoints.ts';
import { encodeBatch } from '../../src/node/index.ts';
import { defaultNodeLimits } from '../../src/node/options.ts';
import { commandTuple } from '../../src/table/index.ts';
import { chainOf, MemoryDisk, MemoryStore } from '../../storage/index.ts';

it('a checkpoint waits until the log of this node is durable up to it', () => {
  const store = new MemoryStore(new MemoryDisk(), { nodeId: 'a', incarnation: '1'.repeat(32) });
  store.open(() => {});
  const configuration = { voters: [], outgoing: [], learners: [] };
  store.form({ clusterId: 'c'.repeat(32), configuration }, () => {});
  const taken: number[] = [];
  const checkpoints = new Checkpoints(
    store,
    { ...defaultNodeLimits, checkpointEntries: 1 },
    {
      taken: ({ position }) => taken.push(position.index),
      failed: (error) => {
        throw error;
      },
    },
  );
  const picture = { head: store.readSnapshot().head, rows: [] };
  const applier = new Applier(defaultNodeLimits.table, picture, {
    event: () => {},
    executed: () => {},
    observer: undefined,
  });
  const open = { kind: 'open', nonce: 'a'.repeat(32), ttlMs: 5_000, home: undefined, label: 'x' } as const;
  const body = { index: 1, term: 1, kind: 'commands', payload: encodeBatch(1, [commandTuple(open)]) } as const;
  applier.apply([{ ...body, chain: chainOf(0, body) }]);

  // The others have it on their disks, so it is committed and applied; ours has not.
  checkpoints.consider(applier, 0);
  const before = [...taken];
  checkpoints.consider(applier, 1);

  expect(before).toEqual([]);
  expect(taken).toEqual([1]);
});
