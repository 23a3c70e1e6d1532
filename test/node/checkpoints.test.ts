import { expect, it } from 'vitest';
import { Applier } from '../../src/node/applier.ts';
import { Checkpoints } from '../../src/node/checkpoints.ts';
import { encodeBatch } from '../../src/node/index.ts';
import { defaultNodeLimits } from '../../src/node/options.ts';
import { commandTuple, Table } from '../../src/table/index.ts';
import { chainOf, MemoryDisk, MemoryStore } from '../../storage/index.ts';

const configuration = { voters: [], outgoing: [], learners: [] };

/** The checkpoints of a node that takes one after every entry, on a disk whose writes end when `end` is called. */
function node() {
  const owed: (() => void)[] = [];
  let isSlow = false;
  const schedule = (_: number, run: () => void): void => (isSlow ? void owed.push(run) : run());
  const store = new MemoryStore(new MemoryDisk(), { nodeId: 'a', incarnation: '1'.repeat(32), schedule });
  store.open(
    () => {},
    () => {},
  );
  store.form({ clusterId: 'c'.repeat(32), configuration }, () => {});
  isSlow = true;
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
  const picture = { head: store.readSnapshot().head, table: new Table(defaultNodeLimits.table) };
  const applier = new Applier(picture, {
    event: () => {},
    executed: () => {},
    observer: undefined,
    history: { eventsMax: 16, bytesMax: 65_536 },
  });
  let chain = 0;
  const apply = (index: number): void => {
    const nonce = index.toString(16).padStart(32, 'a');
    const open = { kind: 'open', nonce, ttlMs: 5_000, home: undefined, label: 'x' } as const;
    const body = { index, term: 1, kind: 'commands', payload: encodeBatch(1, [commandTuple(open)]) } as const;
    chain = chainOf(chain, body);
    applier.apply([{ ...body, chain }]);
  };
  const end = (): void => {
    for (const run of owed.splice(0)) run();
  };
  return { checkpoints, applier, taken, apply, end };
}

it('a checkpoint waits until the log of this node is durable up to it', () => {
  const { checkpoints, applier, taken, apply, end } = node();
  apply(1);

  // The others have it on their disks, so it is committed and applied; ours has not.
  checkpoints.consider(applier, 0);
  end();
  const before = [...taken];
  checkpoints.consider(applier, 1);
  end();

  expect(before).toEqual([]);
  expect(taken).toEqual([1]);
});

it('a checkpoint that is due while one is written comes after it, though nothing else happens (S69)', () => {
  const { checkpoints, applier, taken, apply, end } = node();
  apply(1);
  checkpoints.consider(applier, 1);
  for (const index of [2, 3]) {
    apply(index);
    checkpoints.consider(applier, index);
  }
  const meanwhile = [...taken];

  end();
  for (let turn = 0; turn < 5; turn += 1) {
    checkpoints.consider(applier, 3);
    end();
  }

  expect(meanwhile).toEqual([]);
  expect(taken).toEqual([1, 3]);
});
