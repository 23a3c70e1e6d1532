import { describe, expect, it } from 'vitest';
import { type ClientMessage, clientTuple, messagesOf } from '../../src/server/index.ts';
import type { SimulatedCluster } from '../../src/testing/index.ts';
import type { Value } from '../../src/transport/index.ts';
import { openOn, readyCluster } from './client.ts';

const nonce = '1'.padStart(32, '0');

/** A client that takes any node, and hears all that it says but who belongs to the cluster. */
class Stream {
  readonly heard: Value[] = [];
  readonly #receive: (frame: Value) => void;

  constructor(cluster: SimulatedCluster, nodeId: string) {
    const hello = { clusterId: undefined, label: 'any', requireLeader: false };
    const send = (frame: Value): boolean => {
      const said = messagesOf(frame) ?? [];
      this.heard.push(...said.filter((body) => Array.isArray(body) && body[0] !== 'cluster'));
      return true;
    };
    const accepted = cluster.processes.get(nodeId)?.service.accept(hello, { send, close: () => {} });
    if (accepted === undefined || 'code' in accepted) throw new Error(`${nodeId} serves nobody`);
    this.#receive = accepted.handlers.receive;
  }

  say(message: ClientMessage): void {
    this.#receive([clientTuple(message)]);
  }
}

describe('a session that a client attaches at a follower', () => {
  it('which lags behind its opening is not said to have ended, and is attached once the follower knows it', () => {
    const { cluster, leader, followers } = readyCluster();
    const [lagging] = followers;
    cluster.isolate(lagging);
    const { session } = openOn(cluster, leader, 1, { isHome: false, ttlMs: 600_000 });
    const stream = new Stream(cluster, lagging);

    stream.say({ kind: 'attach', session, nonce });
    cluster.time.advance(20_000);
    const whileItLags = [...stream.heard];
    cluster.heal();
    cluster.time.advance(5_000);

    expect(whileItLags).toEqual([]);
    expect(stream.heard).toEqual([['attached', session]]);
  });

  it('and that the whole cluster does not know is said to have ended', () => {
    const { cluster, followers } = readyCluster();
    const stream = new Stream(cluster, followers[0]);

    stream.say({ kind: 'attach', session: 77, nonce });
    cluster.time.advance(1_000);

    expect(stream.heard).toEqual([['ended', 77, 'unknown']]);
  });
});
