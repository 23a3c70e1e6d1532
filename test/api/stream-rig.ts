import type { Query, QueryOutcome } from '../../src/node/index.ts';
import { ClientStream, type Servant } from '../../src/server/client-stream.ts';
import { type ClientMessage, clientTuple, messagesOf } from '../../src/server/index.ts';
import type { Table } from '../../src/table/index.ts';
import type { Value } from '../../src/transport/index.ts';
import { LocalCluster, LocalGateway } from './local-gateway.ts';
import { VirtualClock } from './virtual-clock.ts';

/** A node in front of a cluster that never fails. It takes every question, and answers when the test says so. */
export class PatientServant extends LocalGateway implements Servant {
  readonly questions: { readonly query: Query; readonly done: (outcome: QueryOutcome) => void }[] = [];
  readonly isReady: boolean = true;
  readonly isDiskLow: boolean = false;
  hasRoom = true;
  readonly table: Table;

  constructor(cluster: LocalCluster, clock: VirtualClock) {
    super(cluster, clock);
    this.table = cluster.table;
  }

  override query(query: Query, done: (outcome: QueryOutcome) => void): void {
    this.questions.push({ query, done });
  }

  isKnown(session: number, sequence: number): boolean {
    return this.table.views.answerOf(session, sequence) !== undefined;
  }

  attach(): undefined {}

  detach(): void {}

  forgetOpening(): void {}

  status(): never {
    throw new Error('nobody asks for it here');
  }
}

/** One client's stream at such a node. */
export class StreamRig {
  readonly clock: VirtualClock = new VirtualClock();
  readonly cluster: LocalCluster = new LocalCluster(this.clock);
  readonly servant: PatientServant = new PatientServant(this.cluster, this.clock);
  readonly sent: Value[] = [];
  /** False: the client reads too slowly. */
  isRead = true;
  readonly stream: ClientStream = new ClientStream({
    servant: this.servant,
    clock: this.clock,
    channel: {
      send: (frame) => {
        this.sent.push(...(messagesOf(frame) ?? []));
        return this.isRead;
      },
      close: () => undefined,
    },
    expel: (why) => {
      throw new Error(`expelled: ${why}`);
    },
  });

  say(...messages: readonly ClientMessage[]): void {
    this.stream.receive(messages.map(clientTuple));
    this.clock.pass(5);
  }

  /** Messages of one kind sent so far. */
  of(kind: string): readonly (readonly Value[])[] {
    return this.sent.filter((body): body is readonly Value[] => Array.isArray(body) && body[0] === kind);
  }

  /** Opens the n-th session, which is `n` in the cluster's own count. */
  open(n: number): void {
    this.say({ kind: 'open', id: n, nonce: n.toString(16).padStart(32, '0'), ttlMs: 3_600_000, label: 'rig' });
  }
}
