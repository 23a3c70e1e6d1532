import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock/index.ts';
import type { HoldfastNode } from '../../src/index.ts';
import { Holdfast } from '../../src/index.ts';
import type { NodeStatus, OpenOutcome, OpenRequest, SessionListener } from '../../src/node/index.ts';
import { ClientStream, type Servant } from '../../src/server/client-stream.ts';
import {
  type ClientMessage,
  clientTuple,
  LockService,
  messagesOf,
  parseClientMessage,
  parseServerMessage,
  serverTuple,
} from '../../src/server/index.ts';
import {
  type ClientChannel,
  connectClient,
  GrpcTransport,
  type PeerHandlers,
  type Value,
} from '../../src/transport/index.ts';
import { freePorts, quick, temporaryDirectory } from './cluster.ts';
import { LocalCluster, LocalGateway } from './local-gateway.ts';
import { VirtualClock } from './virtual-clock.ts';

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let node: HoldfastNode;
beforeAll(async () => {
  directory = await temporaryDirectory();
  node = await Holdfast.open({ ...quick, dataDir: directory.path, listen: '127.0.0.1:0' });
});
afterAll(async () => {
  await node.close();
  await directory[Symbol.asyncDispose]();
});

const eventually = <T>(look: () => T) => expect.poll(look, { timeout: 5_000, interval: 10 });

/** A client that says whatever a test wants. */
class RawClient {
  readonly heard: Value[] = [];
  readonly #channel: ClientChannel;
  isClosed = false;

  constructor() {
    this.#channel = connectClient({
      endpoint: node.status().members[0]?.address ?? '',
      hello: { clusterId: undefined, label: 'raw', requireLeader: true },
      clock: systemClock,
      insecure: false,
      handlers: {
        receive: (frame) => this.heard.push(...(messagesOf(frame) ?? [])),
        drained: () => undefined,
        closed: () => {
          this.isClosed = true;
        },
      },
    });
  }

  say(message: ClientMessage): this {
    return this.sayRaw(clientTuple(message));
  }

  sayRaw(body: Value): this {
    this.#channel.send([body]);
    return this;
  }

  close(): void {
    this.#channel.close();
  }

  /** Messages of one kind heard so far. */
  of(kind: string): readonly Value[] {
    return this.heard.filter((body) => Array.isArray(body) && body[0] === kind);
  }

  async open(nonce: string): Promise<number> {
    this.say({ kind: 'open', id: 1, nonce, ttlMs: 5_000, label: 'raw' });
    await eventually(() => this.of('opened').length).toBe(1);
    const opened = parseServerMessage(this.of('opened')[0]);
    return opened.kind === 'opened' ? opened.session : 0;
  }
}

/** A node that takes every question and answers none. */
class DeafServant extends LocalGateway implements Servant {
  readonly hasRoom: boolean = true;
  readonly isReady: boolean = true;
  readonly isDiskLow: boolean = false;

  override query(): void {}

  readonly isKnown = (): boolean => false;
  attach(): undefined {}
  detach(): void {}

  forgetOpening(): void {}

  status(): never {
    throw new Error('nobody asks for it here');
  }
}

/** A node that has failed: it still says so to whoever asks. */
class FailedServant extends LocalGateway implements Servant {
  readonly hasRoom: boolean = true;
  readonly isReady: boolean = false;
  readonly isDiskLow: boolean = false;

  override open(_: OpenRequest, __: SessionListener, done: (outcome: OpenOutcome) => void): void {
    done({ ok: false, failure: { code: 'BACKEND', text: 'its disk has failed' } });
  }

  readonly isKnown = (): boolean => false;
  attach(): undefined {}

  detach(): void {}

  forgetOpening(): void {}

  status(): NodeStatus {
    const [nodeId, clusterId, reason] = ['f', 'c'.repeat(32), 'its disk has failed'];
    const position = { term: 1, commitIndex: 1, appliedIndex: 1 };
    return { nodeId, clusterId, role: 'failed', leader: undefined, members: [], reason, ...position };
  }
}

const nonce = (digit: string): string => digit.repeat(32);

const acquire = (session: number, sequence: number, name: string): ClientMessage => ({
  kind: 'submit',
  request: { kind: 'acquire', session, sequence, mark: 0, name, mode: 'X', waits: true },
});

describe('a client that takes any node', () => {
  it('hears from one that has failed what has happened to it', async () => {
    const [port = 0] = await freePorts(1);
    const logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
    const clock = new VirtualClock();
    const servant = new FailedServant(new LocalCluster(clock), clock);
    const nobody: PeerHandlers = {
      hello: () => {
        throw new Error('no peer is dialled here');
      },
      judge: () => ({ code: 'NOT_READY', text: 'no peers here' }),
      ...{ receive: () => {}, linkUp: () => {}, linkDown: () => {}, refused: () => {} },
    };
    const transport = new GrpcTransport({
      listen: `127.0.0.1:${port}`,
      selfNodeId: 'f',
      handlers: nobody,
      clients: new LockService({ clock: systemClock, logger, servant: () => servant }),
      clock: systemClock,
      logger,
      insecure: false,
    });
    await transport.listen();
    const client = await Holdfast.connect({ endpoints: [`127.0.0.1:${port}`], requireLeader: false });

    const refused = { code: 'BACKEND', message: expect.stringContaining('its disk has failed') };

    await expect(client.acquireLock('x', { timeout: 20_000 })).rejects.toMatchObject(refused);
    await client.close();
    await transport.close();
  });
});

describe('the protocol of clients', () => {
  it('reads back what it writes', () => {
    const messages: readonly ClientMessage[] = [
      { kind: 'open', id: 1, nonce: nonce('a'), ttlMs: 5_000, label: 'l' },
      { kind: 'attach', session: 3, nonce: nonce('a') },
      acquire(3, 1, 'x'),
      { kind: 'forget', session: 3, sequence: 1 },
      { kind: 'beat', session: 3, counter: 9 },
      { kind: 'end', session: 3 },
      { kind: 'query', id: 2, query: { kind: 'list', prefix: '', limit: 5, after: undefined, consistency: 'local' } },
      { kind: 'query', id: 2, query: { kind: 'status' } },
      { kind: 'replace', id: 4, nodeId: 'b' },
      { kind: 'ping', id: 5 },
    ];

    expect(messages.map((message) => parseClientMessage(clientTuple(message)))).toEqual(messages);
  });

  it('reads back every answer', () => {
    const answers = [
      { kind: 'queued' },
      { kind: 'granted', token: 5, grantedAt: 1.5 },
      { kind: 'already-granted', token: 5 },
      { kind: 'limit-exceeded', limit: 'locks', max: 3 },
      { kind: 'session-expired' },
    ] as const;
    const messages = answers.map((answer) => ({ kind: 'answer', session: 1, sequence: 2, answer }) as const);

    expect(messages.map((message) => parseServerMessage(serverTuple(message)))).toEqual(messages);
  });

  it('throws for nothing that could come, from either side', () => {
    const leaf = fc.oneof(
      fc.string(),
      fc.integer(),
      fc.double(),
      fc.boolean(),
      fc.constant(null),
      fc.constant(undefined),
    );
    const kinds = fc.constantFrom('open', 'attach', 'submit', 'beat', 'query', 'answer', 'cluster', 'failed', 'result');
    const body = fc.oneof(
      leaf,
      fc.tuple(kinds, leaf, leaf, leaf),
      fc.tuple(kinds, leaf, fc.array(leaf)),
      fc.array(leaf),
    );

    fc.assert(
      fc.property(body, (value) => {
        expect(() => parseClientMessage(value)).not.toThrow();
        expect(() => parseServerMessage(value)).not.toThrow();
      }),
    );
  });

  it.each<readonly [string, Value]>([
    ['no message', 'hello'],
    ['an unknown kind', ['destroy', 1]],
    ['a field too many', ['ping', 1, 2]],
    ['a command that only nodes give', ['submit', [4, 1, 1]]],
    ['a name that is none', ['submit', [5, 1, 1, 0, '', 'X', true]]],
    ['a nonce that is none', ['open', 1, 'zz', 5_000, 'l']],
    ['a TTL of ten years', ['open', 1, nonce('b'), 315_360_000_000, 'l']],
  ])('ends the stream of a client that says %s, and the others go on', async (_, body) => {
    const client = new RawClient();
    const neighbour = new RawClient();
    await eventually(() => [client.of('cluster').length * neighbour.of('cluster').length]).toEqual([1]);

    client.sayRaw(body);
    await eventually(() => client.isClosed).toBe(true);
    neighbour.say({ kind: 'ping', id: 7 });

    await eventually(() => neighbour.of('pong')).toEqual([['pong', 7]]);
    neighbour.close();
  });

  it('lets a stream use only sessions whose nonce it knows', async () => {
    const owner = new RawClient();
    const session = await owner.open(nonce('1'));
    owner.say(acquire(session, 1, 'mine'));
    await eventually(() => owner.of('answer').length).toBe(1);
    const thief = new RawClient();
    await eventually(() => thief.of('cluster').length).toBe(1);

    thief.say({ kind: 'attach', session, nonce: nonce('2') });
    await eventually(() => thief.of('ended')).toEqual([['ended', session, 'unknown']]);
    const { fencingToken } = { fencingToken: (await node.inspect('mine')).holders[0]?.token ?? 0 };
    thief
      .say({
        kind: 'submit',
        request: { kind: 'release', session, sequence: 2, mark: 0, name: 'mine', token: fencingToken },
      })
      .say({ kind: 'end', session })
      .say({ kind: 'ping', id: 1 });
    await eventually(() => thief.of('pong').length).toBe(1);

    expect((await node.inspect('mine')).holders).toHaveLength(1);
    expect(owner.of('ended')).toEqual([]);
    owner.close();
    thief.close();
  });

  it('goes on with a session on another stream, and gives the first answer again', async () => {
    const first = new RawClient();
    const session = await first.open(nonce('3'));
    first.say(acquire(session, 1, 'carried'));
    await eventually(() => first.of('answer').length).toBe(1);
    first.close();
    const second = new RawClient();

    second.say({ kind: 'attach', session, nonce: nonce('3') });
    await eventually(() => second.of('attached').length).toBe(1);
    second.say(acquire(session, 1, 'carried'));

    await eventually(() => second.of('answer')).toEqual(first.of('answer'));
    second.close();
  });

  it('passes on the newest of a flood of heartbeats, not each', async () => {
    const client = new RawClient();
    const session = await client.open(nonce('4'));

    for (let counter = 1; counter <= 500; counter += 1) client.say({ kind: 'beat', session, counter });

    await eventually(() => client.of('beat').at(-1)).toEqual(['beat', session, 500]);
    expect(client.of('beat').length).toBeLessThan(100);
    client.close();
  });

  it('refuses more questions than one client may have open, while none is answered', () => {
    const sent: Value[] = [];
    const clock = new VirtualClock();
    const stream = new ClientStream({
      servant: new DeafServant(new LocalCluster(clock), clock),
      clock,
      channel: { send: (frame) => sent.push(...(messagesOf(frame) ?? [])) > 0, close: () => undefined },
      expel: () => undefined,
    });

    for (let id = 1; id <= 70; id += 1) {
      stream.receive([clientTuple({ kind: 'query', id, query: { kind: 'sessions', consistency: 'linearizable' } })]);
    }
    clock.pass(0);

    expect(sent).toHaveLength(70 - 64);
    expect(sent[0]).toEqual(['failed', 65, 'OVERLOADED', expect.any(String)]);
  });
});
