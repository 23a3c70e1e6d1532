import { describe, expect, it } from 'vitest';
import type { QueryOutcome } from '../../src/node/index.ts';
import type { SimulatedCluster } from '../../src/testing/index.ts';
import type { Packet } from '../../src/transport/index.ts';
import { type SnapshotReader, StorageError } from '../../storage/index.ts';
import { bound, grantedTo, openOn, three } from './client.ts';
import {
  allTogether,
  checkpointOf,
  digestOf,
  fallenBehind,
  leaveBehind,
  type Straggler,
  untilCaughtUp,
} from './straggler.ts';

/** A part of a transfer on its way to its receiver. */
interface Part {
  readonly packet: Extract<Packet, { kind: 'snapshot' }>;
  readonly kind: unknown;
  readonly number: unknown;
  readonly bytes: unknown;
}

function partOf(packet: Packet | undefined): Part | undefined {
  if (packet?.kind !== 'snapshot' || packet.isReply || !Array.isArray(packet.body)) return undefined;
  const [kind, , number, bytes]: readonly unknown[] = packet.body;
  return { packet, kind, number, bytes };
}

/** Hands `packet` to `to` once more, later. */
function deliver(cluster: SimulatedCluster, link: { from: string; to: string }, packet: Packet, inMs: number): void {
  const sender = cluster.processes.get(link.from)?.handlers?.hello();
  cluster.time.at(inMs, () =>
    cluster.processes.get(link.to)?.handlers?.receive(`${sender?.nodeId}@${sender?.incarnation}`, packet),
  );
}

describe('the chunks of a snapshot (S68)', () => {
  const lost = Number.POSITIVE_INFINITY;

  /** What happens to the third chunk, the first time it is sent: gives its delay. True: the transfer is in vain then. */
  const mishaps: readonly [string, boolean, (world: Straggler, chunk: Part) => number][] = [
    ['lost', true, () => lost],
    ['overtaken by the next', true, () => 50],
    [
      'repeated',
      false,
      ({ cluster, leader, lagging }, { packet }) => {
        for (const inMs of [1, 5, 30]) deliver(cluster, { from: leader, to: lagging }, packet, inMs);
        return 1;
      },
    ],
    [
      'damaged',
      true,
      ({ cluster, leader, lagging }, { packet, bytes }) => {
        if (!(bytes instanceof Uint8Array)) throw new Error('a chunk without bytes');
        const damaged = bytes.map((byte, at) => (at === 20 ? byte ^ 1 : byte));
        const body = Array.isArray(packet.body) ? packet.body.with(3, damaged) : packet.body;
        deliver(cluster, { from: leader, to: lagging }, { ...packet, body }, 1);
        return lost;
      },
    ],
    [
      'met by a restart of its receiver',
      true,
      ({ cluster, lagging }) => {
        cluster.time.at(1, () => {
          cluster.kill(lagging);
          cluster.start(lagging);
        });
        return 1;
      },
    ],
    [
      'the last word of its sender, after which another leads',
      true,
      ({ cluster, leader }) => {
        cluster.time.at(1, () => {
          cluster.kill(leader);
          cluster.start(leader);
        });
        return 1;
      },
    ],
  ];

  it.each(mishaps)('may be %s: the table comes whole or not at all', (_what, isInVain, mishap) => {
    const world = fallenBehind();
    const { cluster, lagging } = world;
    let third = 0;
    let transfers = 0;
    cluster.linkMs = (_from, to, packet) => {
      const part = to === lagging ? partOf(packet) : undefined;
      if (part?.kind === 'start') transfers += 1;
      if (part?.kind !== 'chunk' || part.number !== 3) return 1;
      third += 1;
      return third === 1 ? mishap(world, part) : 1;
    };

    cluster.heal();
    untilCaughtUp(cluster, lagging);

    expect(third).toBe(transfers);
    expect(transfers > 1).toBe(isInVain);
    expect(digestOf(cluster, lagging)).toBe(digestOf(cluster, cluster.leader() ?? ''));
    expect(three.flatMap((id) => cluster.failures(id))).toEqual([]);
  });
});

describe('a snapshot that is installed', () => {
  it('is there or not at all, at whichever moment its receiver loses its power (S64)', () => {
    const outcomes = Array.from({ length: 16 }, (_, at) => {
      const { cluster, lagging } = fallenBehind();
      const former = checkpointOf(cluster, lagging);
      cluster.diskMs.set(lagging, 3);
      cluster.heal();
      cluster.time.advance(52 + 7 * at);

      cluster.kill(lagging);
      const found = checkpointOf(cluster, lagging);
      cluster.start(lagging);
      untilCaughtUp(cluster, lagging);

      return {
        isNew: found !== former,
        agrees: digestOf(cluster, lagging) === digestOf(cluster, cluster.leader() ?? ''),
        failures: cluster.failures(lagging),
      };
    });

    expect(new Set(outcomes.map(({ isNew }) => isNew))).toEqual(new Set([false, true]));
    expect(outcomes.filter(({ agrees, failures }) => !agrees || failures.length > 0)).toEqual([]);
  });

  it('takes away what was let go while its receiver was away (S66)', () => {
    const world = allTogether();
    const { cluster, lagging, client } = world;
    const token = grantedTo(cluster, client, 'gone');
    cluster.time.advance(100);
    leaveBehind(world);
    client.release('gone', token);
    cluster.time.advance(100);
    const names: unknown[] = [];

    cluster.heal();
    untilCaughtUp(cluster, lagging);
    cluster
      .runtime(lagging)
      .query({ kind: 'list', prefix: '', limit: 100, after: undefined, consistency: 'local' }, (said) =>
        names.push(JSON.stringify(said)),
      );
    cluster.time.until(() => names.length > 0, 1_000, 'it is answered');

    expect(names[0]).toContain('"kept-39"');
    expect(names[0]).not.toContain('"gone"');
  });

  it('brings sessions, answers, tokens and members as of its position (S67)', () => {
    const world = allTogether();
    const { cluster, leader, lagging } = world;
    const client = openOn(cluster, lagging, 2, { ttlMs: 3_600_000 });
    const first = grantedTo(cluster, client, 'mine');
    const before = checkpointOf(cluster, lagging);
    leaveBehind(world);
    const { log, table } = cluster.disks.get(leader)?.image ?? {};

    cluster.heal();
    untilCaughtUp(cluster, lagging);
    client.answers.clear();
    cluster
      .runtime(lagging)
      .submit({ kind: 'acquire', session: client.session, sequence: 1, mark: 0, name: 'mine', mode: 'X', waits: true });
    cluster.time.until(() => client.answers.has(1), 5_000, 'it is answered again');
    const next = grantedTo(cluster, client, 'another');

    const heads = [leader, lagging].map((id) => cluster.disks.get(id)?.image.table?.head.configuration);
    expect(table?.head.position).toEqual(log?.base);
    expect(client.token(1)).toBe(first);
    expect(next).toBe(first + 41);
    expect(heads[1]).toEqual(heads[0]);
    expect(checkpointOf(cluster, lagging)).toBeGreaterThan(before);
  });

  it('answers a read that was asked before it came, as of then or later (S47)', () => {
    const { cluster, leader, lagging } = fallenBehind();
    const { commitIndex } = cluster.runtime(leader).status();
    const answers: QueryOutcome[] = [];
    cluster.heal();
    cluster.time.until(() => cluster.runtime(lagging).status().commitIndex < commitIndex, 1_000, 'it is behind');

    cluster
      .runtime(lagging)
      .query({ kind: 'inspect', name: 'kept-39', consistency: 'linearizable' }, (said) => answers.push(said));
    cluster.time.until(() => answers.length > 0, 20_000, 'it is answered');

    expect(answers).toMatchObject([{ ok: true, value: { holders: [{}] } }]);
    expect(answers.every((said) => said.ok && said.appliedIndex >= commitIndex)).toBe(true);
  });

  it('that cannot be read once fails that transfer, not the leader, is told of, and is sent again (S38)', () => {
    let failures = 0;
    const { cluster, leader, lagging } = fallenBehind((_, store) => {
      const readSnapshot = (): SnapshotReader => {
        const reader = store.readSnapshot();
        if (failures > 0) return reader;
        const next: SnapshotReader['next'] = (_bytes, done) => {
          failures += 1;
          done({ ok: false, error: new StorageError('BACKEND', 'EIO') });
        };
        return new Proxy(reader, { get: (of, key) => (key === 'next' ? next : bound(of, key)) });
      };
      return new Proxy(store, { get: (of, key) => (key === 'readSnapshot' ? readSnapshot : bound(of, key)) });
    });

    const said: string[] = [];
    cluster.logged = (nodeId, text) => {
      if (nodeId === leader) said.push(text);
    };

    cluster.heal();
    untilCaughtUp(cluster, lagging);

    expect(said.filter((text) => text.includes('cannot be read'))).toHaveLength(failures);
    expect(failures).toBeGreaterThan(0);
    expect(cluster.failures(leader)).toEqual([]);
    expect(digestOf(cluster, lagging)).toBe(digestOf(cluster, cluster.leader() ?? ''));
  });

  it('does not wait for a transfer that its receiver will never hear the end of', () => {
    const { cluster, lagging, client } = allTogether();
    cluster.kill(lagging);
    for (let n = 0; n < 40; n += 1) grantedTo(cluster, client, `kept-${n}`);
    cluster.time.advance(100);
    const begun = cluster.time.now;

    cluster.start(lagging);
    untilCaughtUp(cluster, lagging);

    // A transfer without a sign of life is given up after five seconds.
    expect(cluster.time.now - begun).toBeLessThan(2_000);
  });

  it('is sent slowly without holding up heartbeats, grants elsewhere, or the count of who follows (S72)', () => {
    const { cluster, leader, other, lagging } = fallenBehind();
    const { term } = cluster.runtime(leader).status();
    const rival = openOn(cluster, other, 3, { isHome: false, ttlMs: 3_600_000 });
    cluster.linkMs = (_from, _to, packet) => (packet?.kind === 'snapshot' ? 400 : 1);

    cluster.heal();
    const slowest = Array.from({ length: 20 }, (_, at) => {
      const begun = cluster.time.now;
      grantedTo(cluster, rival, `elsewhere-${at}`);
      cluster.time.advance(50);
      return cluster.time.now - begun;
    });
    const meanwhile = cluster.runtime(lagging).status();
    untilCaughtUp(cluster, lagging);

    expect(Math.max(...slowest)).toBeLessThan(100);
    expect(meanwhile).toMatchObject({ role: 'follower', leader, term });
    expect(checkpointOf(cluster, lagging)).toBeGreaterThan(meanwhile.appliedIndex);
    expect(cluster.runtime(leader).status()).toMatchObject({ role: 'leader', term });
  });
});
