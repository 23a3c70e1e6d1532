import { expect } from 'vitest';
import type { OpenOutcome, Runtime, SessionListener } from '../../src/node/index.ts';
import type { Answer, HoldName, Intervention, OperatorRequest, SessionEnd, Taken } from '../../src/table/index.ts';
import { SimulatedCluster, type SimulatedClusterOptions } from '../../src/testing/index.ts';

type WithoutTurn<T> = T extends unknown ? Omit<T, 'session' | 'sequence' | 'mark'> : never;

/** The least that speaks the gateway: sequences, marks and answers of one session, without deadlines of its own. */
export class TestClient implements SessionListener {
  readonly answers = new Map<number, Answer>();
  readonly history: Answer[] = [];
  readonly acknowledged: number[] = [];
  readonly takenAway: Taken[] = [];
  readonly revokes: Taken[] = [];
  readonly contentions: HoldName[] = [];
  ended_: SessionEnd | undefined;
  endedBy: Intervention | undefined;
  session = 0;
  opening: OpenOutcome | undefined;
  #sequence = 0;
  readonly #runtime: Runtime;

  constructor(
    runtime: Runtime,
    options: { readonly nonce: string; readonly ttlMs?: number; readonly isHome?: boolean },
  ) {
    this.#runtime = runtime;
    const { nonce, ttlMs = 10_000, isHome = true } = options;
    runtime.open({ nonce, ttlMs, label: 'test', isHome }, this, (outcome) => {
      this.opening = outcome;
      if (outcome.ok) this.session = outcome.session;
    });
  }

  acquire(name: string, waits = true): number {
    const sequence = ++this.#sequence;
    this.#runtime.submit({ kind: 'acquire', session: this.session, sequence, mark: 0, name, mode: 'X', waits });
    return sequence;
  }

  release(name: string, token: number): number {
    const sequence = ++this.#sequence;
    this.#runtime.submit({ kind: 'release', session: this.session, sequence, mark: 0, name, token });
    return sequence;
  }

  /** As an operator: ends all holds of that name, asks their holders, or ends a session. */
  order(order: WithoutTurn<OperatorRequest>): number {
    const sequence = ++this.#sequence;
    this.#runtime.submit({ ...order, session: this.session, sequence, mark: 0 });
    return sequence;
  }

  beat(counter: number): void {
    this.#runtime.beat(this.session, counter);
  }

  token(sequence: number): number {
    const answer = this.answers.get(sequence);
    if (answer?.kind !== 'granted') throw new Error(`not granted but ${answer?.kind}`);
    return answer.token;
  }

  answered(sequence: number, answer: Answer): void {
    this.answers.set(sequence, answer);
    this.history.push(answer);
  }

  beatAcknowledged(counter: number): void {
    this.acknowledged.push(counter);
  }

  taken(taken: Taken): void {
    this.takenAway.push(taken);
  }

  revokeRequested(request: Taken): void {
    this.revokes.push(request);
  }

  contended(hold: HoldName): void {
    this.contentions.push(hold);
  }

  ended(end: SessionEnd, by?: Intervention): void {
    this.endedBy = by;
    this.ended_ = end;
  }
}

const nonce = (n: number): string => n.toString(16).padStart(32, '0');

/** A session of a new client at that node. */
export function openOn(
  cluster: SimulatedCluster,
  nodeId: string,
  n: number,
  options: { ttlMs?: number; isHome?: boolean } = {},
): TestClient {
  const client = new TestClient(cluster.runtime(nodeId), { nonce: nonce(n), ...options });
  cluster.time.until(() => client.opening !== undefined, 10_000, 'the session opens');
  expect(client.opening?.ok).toBe(true);
  return client;
}

/** Acquires and gives the token. */
export function grantedTo(cluster: SimulatedCluster, client: TestClient, name: string): number {
  const sequence = client.acquire(name);
  cluster.time.until(() => client.answers.get(sequence)?.kind === 'granted', 20_000, `${name} is granted`);
  return client.token(sequence);
}

/** Node ids of the usual cluster. */
export const three = ['a', 'b', 'c'];

interface ReadyOptions extends SimulatedClusterOptions {
  readonly wrapStore?: SimulatedCluster['wrapStore'];
}

/** What `of` has under `key`, for somebody who stands before it: methods keep to `of`. */
export function bound(of: object, key: string | symbol): unknown {
  const value: unknown = Reflect.get(of, key);
  return typeof value === 'function' ? value.bind(of) : value;
}

/** Three nodes that serve. */
export function readyCluster({ wrapStore, ...options }: ReadyOptions = {}): {
  readonly cluster: SimulatedCluster;
  readonly leader: string;
  readonly followers: readonly [string, string];
} {
  const cluster = new SimulatedCluster(three, options);
  if (wrapStore !== undefined) cluster.wrapStore = wrapStore;
  cluster.startAll();
  const leader = cluster.untilReady();
  const [first = '', second = ''] = cluster.followers();
  return { cluster, leader, followers: [first, second] };
}
