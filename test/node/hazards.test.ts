import { describe, expect, it } from 'vitest';
import { encodeConfiguration } from '../../raft/index.ts';
import type { AdminOutcome, QueryOutcome, Runtime } from '../../src/node/index.ts';
import { Members } from '../../src/node/members.ts';
import { SimulatedCluster } from '../../src/testing/index.ts';
import { MemoryDisk, type RowReader, type Store } from '../../storage/index.ts';
import { bound, grantedTo, openOn, readyCluster, three } from './client.ts';

describe('a snapshot transfer', () => {
  it('that outlives its leader stops nobody', () => {
    const limits = { checkpointEntries: 10, keptEntries: 0, snapshotChunkBytes: 100 };
    const { cluster, leader, followers } = readyCluster({ limits });
    const [next, lagging] = followers;
    cluster.kill(next);
    cluster.limitsOf.set(next, { checkpointEntries: 1_000_000 });
    cluster.start(next);
    cluster.untilReady();
    cluster.isolate(lagging);
    const client = openOn(cluster, leader, 1, { isHome: false, ttlMs: 600_000 });
    for (let n = 0; n < 60; n += 1) grantedTo(cluster, client, `lock-${n}`);
    let chunks = 0;
    cluster.linkMs = (_from, _to, packet) => {
      if (packet?.kind !== 'snapshot') return 1;
      if (Array.isArray(packet.body) && packet.body[0] === 'chunk') chunks += 1;
      return 20;
    };

    cluster.heal();
    cluster.time.until(() => chunks > 8, 20_000, 'a transfer is under way');
    cluster.pause(leader);
    cluster.time.until(() => cluster.runtime(next).status().role === 'leader', 20_000, 'the next one leads');
    cluster.resume(leader);
    cluster.time.advance(8_000);

    expect(three.flatMap((id) => cluster.failures(id))).toEqual([]);
  });

  it('that comes to a node that has stopped is ignored', () => {
    const { cluster, leader, followers } = readyCluster();
    const [stopped] = followers;
    const from = cluster.processes.get(leader)?.handlers?.hello();
    const sender = `${from?.nodeId}@${from?.incarnation}`;
    const head = [5, 1, 1, 0, encodeConfiguration({ voters: [], outgoing: [], learners: [] })];

    cluster.runtime(stopped).stop({ deadlineMs: 500 }, () => {});
    const deliver = (): void =>
      cluster.processes
        .get(stopped)
        ?.handlers?.receive(sender, { kind: 'snapshot', isReply: false, body: ['start', 1, 1, head] });

    expect(deliver).not.toThrow();
  });

  it('whose table is still being read is not overtaken by a checkpoint of the former table', () => {
    const { cluster, leader, followers } = readyCluster({ limits: { checkpointEntries: 30, keptEntries: 0 } });
    const [victim] = followers;
    const held: (() => void)[] = [];
    cluster.kill(victim);
    cluster.wrapStore = (id, store) => (id === victim ? slowly(store, cluster, held) : store);
    cluster.start(victim);
    cluster.untilReady();
    const client = openOn(cluster, leader, 1, { isHome: false, ttlMs: 600_000 });
    for (let n = 0; n < 75; n += 1) {
      client.acquire(`before-${n}`);
      cluster.time.advance(5);
    }

    cluster.isolate(victim);
    for (let n = 0; n < 100; n += 1) grantedTo(cluster, client, `lock-${n}`);
    cluster.heal();
    cluster.time.advance(20_000);

    expect(held).toEqual([]);
    expect(cluster.failures(victim)).toEqual([]);
    expect(cluster.runtime(victim).digest()?.digest).toBe(cluster.runtime(leader).digest()?.digest);
  });
});

/** Checkpoints end only when rows are read after an installation, and those come a second later. */
function slowly(store: Store, cluster: SimulatedCluster, held: (() => void)[]): Store {
  const rows = (): RowReader => {
    const reader = store.rows();
    cluster.time.at(500, () => {
      for (const end of held.splice(0)) end();
    });
    return { next: (done) => void cluster.time.at(1_000, () => reader.next(done)), close: () => reader.close() };
  };
  return {
    open: (take, done) => store.open(take, done),
    form: (genesis, done) => store.form(genesis, done),
    write: (write, done) => store.write(write, done),
    checkpoint: (checkpoint, done) => store.checkpoint(checkpoint, (outcome) => void held.push(() => done(outcome))),
    readSnapshot: () => store.readSnapshot(),
    receiveSnapshot: (head) => store.receiveSnapshot(head),
    rows,
    bytesFree: () => store.bytesFree(),
    condemn: (reason, done) => store.condemn(reason, done),
    close: (done) => store.close(done),
  };
}

describe('founding with two processes of one name', () => {
  const first = { a: 'a:1', b: 'b:1', c: 'c:1' };
  const node = (nodeId: 'a' | 'b' | 'c', digit: string): Members =>
    new Members(
      { clusterId: undefined, nodeId, incarnation: digit.repeat(32), run: 1 },
      { boot: digit.repeat(32), address: first[nodeId], first },
      { configuration: () => undefined, runOf: () => undefined, isQuarantined: () => false },
    );
  const dial = (from: Members, to: Members): void => {
    to.judge(from.hello(), false);
    from.judge(to.hello(), true);
  };

  it('founds one cluster at most, whoever meets whom first', () => {
    const [a, b1, b2, c] = [node('a', 'a'), node('b', '1'), node('b', '2'), node('c', 'c')];

    dial(b2, a);
    dial(b1, c);
    for (let round = 0; round < 3; round += 1) {
      for (const [from, to] of [
        [a, c],
        [c, a],
        [a, b1],
        [a, b2],
        [c, b1],
        [c, b2],
      ] as const)
        dial(from, to);
    }

    const founded = new Set([a, b1, b2, c].map((each) => each.genesisFrom(undefined, false)?.clusterId));
    founded.delete(undefined);
    expect(founded.size).toBeLessThanOrEqual(1);
  });

  it('founds the one cluster when every name is taken once', () => {
    const nodes = [node('a', 'a'), node('b', 'b'), node('c', 'c')];

    for (let round = 0; round < 3; round += 1) {
      for (const from of nodes) for (const to of nodes) if (from !== to) dial(from, to);
    }

    expect(new Set(nodes.map((each) => each.genesisFrom(undefined, false)?.clusterId)).size).toBe(1);
    expect(nodes[0]?.genesisFrom(undefined, false)).toBeDefined();
  });
});

describe('questions to a leader', () => {
  it('are answered when it dies', () => {
    const { cluster, leader, followers } = readyCluster();
    const [asked, other] = followers;
    let outcome: AdminOutcome | undefined;

    cluster.runtime(asked).replace(other, (said) => {
      outcome = said;
    });
    cluster.kill(leader);
    cluster.time.until(() => outcome !== undefined, 20_000, 'it is answered');

    expect(outcome?.ok).toBe(false);
  });

  it('are answered when they get lost on the way, and it goes on leading', () => {
    const { cluster, leader, followers } = readyCluster();
    const [asked, other] = followers;
    let outcome: AdminOutcome | undefined;

    cluster.cut(asked, leader);
    cluster.runtime(asked).replace(other, (said) => {
      outcome = said;
    });
    cluster.time.advance(20);
    cluster.heal();
    cluster.time.until(() => outcome !== undefined, 20_000, 'it is answered');

    expect(cluster.leader()).toBe(leader);
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'CONNECTION' } });
  });

  it('are answered when the link to it breaks before its answer', () => {
    const { cluster, leader, followers } = readyCluster();
    const [asked, lost] = followers;
    let outcome: AdminOutcome | undefined;
    cluster.kill(lost);
    cluster.disks.set(lost, new MemoryDisk());
    cluster.start(lost);
    cluster.time.advance(1_000);
    cluster.linkMs = (_from, to) => (to === lost ? 100_000 : 1);

    cluster.runtime(asked).replace(lost, (said) => {
      outcome = said;
    });
    cluster.time.advance(6_000);
    const beforehand = outcome;
    cluster.breakLink(asked, leader);
    cluster.time.until(() => outcome !== undefined, 1_000, 'it is answered');

    expect(beforehand).toBeUndefined();
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'CONNECTION' } });
  });

  it('about the table are answered without one', () => {
    const { cluster, followers } = readyCluster();
    const [asked] = followers;
    let outcome: QueryOutcome | undefined;

    cluster.isolate(asked);
    cluster.runtime(asked).query({ kind: 'inspect', name: 'x', consistency: 'linearizable' }, (said) => {
      outcome = said;
    });
    cluster.time.until(() => outcome !== undefined, 30_000, 'it is answered');

    expect(outcome).toMatchObject({ ok: false, failure: { code: 'CONNECTION' } });
  });
});

describe('a question to the cluster that is under way', () => {
  const ends = [
    ['when the node stops', 'SHUTTING_DOWN', (runtime: Runtime) => runtime.stop({ deadlineMs: 100 }, () => {})],
    ['when the node fails', 'BACKEND', (_: Runtime, disk: MemoryDisk) => disk.failNext(broken)],
  ] as const;
  const broken = { kind: 'write', error: new Error('EIO'), reachesDisk: false } as const;

  it.each(ends)('is answered %s', (_, code, end) => {
    const { cluster, leader } = readyCluster();
    const runtime = cluster.runtime(leader);
    const disk = cluster.disks.get(leader) ?? new MemoryDisk();
    const client = openOn(cluster, leader, 1);
    const outcomes: QueryOutcome[] = [];

    cluster.isolate(leader);
    runtime.query({ kind: 'inspect', name: 'x', consistency: 'linearizable' }, (said) => outcomes.push(said));
    cluster.time.advance(20);
    end(runtime, disk);
    client.acquire('x');
    cluster.time.advance(30_000);

    expect(outcomes).toEqual([expect.objectContaining({ ok: false, failure: expect.objectContaining({ code }) })]);
  });
});

describe('a node whose disk dies', () => {
  it('says so though its store never finishes closing', () => {
    const cluster = new SimulatedCluster(['solo']);
    cluster.wrapStore = (_, store) =>
      new Proxy(store, { get: (of, key) => (key === 'close' ? () => {} : bound(of, key)) });
    cluster.startAll();
    cluster.untilReady();
    const client = openOn(cluster, 'solo', 1);

    cluster.disks.get('solo')?.failNext({ kind: 'write', error: new Error('EIO'), reachesDisk: false });
    client.acquire('x');
    cluster.time.until(() => cluster.failures('solo').length > 0, 5_000, 'it says so');

    expect(client.ended_).toBe('unknown');
  });
});
