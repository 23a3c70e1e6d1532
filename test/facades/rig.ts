import { afterAll, beforeAll, expect } from 'vitest';
import { WebLocks } from '../../src/facades/web-locks.ts';
import { createTestCluster, type TestCluster } from '../../src/testing/public.ts';

/** Web locks of two processes of one cluster. */
export interface Rig {
  readonly cluster: TestCluster;
  readonly locks: WebLocks;
  readonly elsewhere: WebLocks;
}

/** A cluster for all tests of a file. */
export const useRig = (): (() => Rig) => {
  let rig: Rig | undefined;
  beforeAll(async () => {
    const cluster = await createTestCluster();
    rig = { cluster, locks: new WebLocks(cluster.client('here')), elsewhere: new WebLocks(cluster.node('a')) };
  });
  afterAll(() => rig?.cluster.close());
  return () => {
    if (rig === undefined) throw new Error('there is no cluster yet');
    return rig;
  };
};

let names = 0;

/** A name that no other test uses. */
export const freshName = (): string => {
  names += 1;
  return `resource-${names}`;
};

export const errorOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

/** Somebody elsewhere holds the lock until `release` is called. */
export const heldElsewhere = async ({ elsewhere }: Rig, name: string): Promise<{ readonly release: () => void }> => {
  let release: () => void = () => undefined;
  const until = new Promise<void>((resolve) => {
    release = resolve;
  });
  await new Promise<void>((granted, failed) => {
    elsewhere
      .request(name, () => {
        granted();
        return until;
      })
      .catch(failed);
  });
  return { release };
};

export const modesOf = async (
  { locks }: Rig,
  name: string,
): Promise<{ readonly held: readonly string[]; readonly pending: readonly string[] }> => {
  const { held, pending } = await locks.query();
  const of = (list: typeof held): readonly string[] =>
    list.filter((each) => each.name === name).map(({ mode }) => mode);
  return { held: of(held), pending: of(pending) };
};

/** A request is in the queue some time after the call; it is looked for until it is there. */
export const whenPending = (rig: Rig, name: string, count: number): Promise<void> =>
  expect.poll(async () => (await modesOf(rig, name)).pending.length).toBe(count);

export const unreached = (): never => {
  throw new Error('the callback must not run');
};
