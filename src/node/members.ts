import { createHash } from 'node:crypto';
import type { ConfigurationAt, Member, MemberId } from '../../raft/index.ts';
import { incarnationOf, memberId, membersOf, nodeIdOf } from '../../raft/index.ts';
import type { Genesis, Identity } from '../../storage/index.ts';
import type { Started } from '../table/index.ts';
import type { Hello, PeerAddress, Refused } from '../transport/index.ts';
import { type NodeProcess, RunsMet } from './runs-met.ts';

/** What the handshake needs to know of the node besides its identity. */
export interface MembersWorld {
  configuration(): ConfigurationAt | undefined;
  /** The newest process of that node that the table has recorded. */
  runOf(nodeId: string): NodeProcess | undefined;
  isQuarantined(): boolean;
}

/** A blank node that asked to be let in under a name that another incarnation holds. */
export interface Knock {
  readonly incarnation: string;
  readonly address: string;
}

interface Met {
  readonly incarnation: string;
  readonly address: string;
  /** The word it gave: see `wordOf`. Empty until it has met all. */
  readonly promise: string;
}

/** First members by node id. */
export type FirstMembers = Readonly<Record<string, string>>;

/**
 * Who this node is, whom it believes, and how a set of blank nodes becomes a cluster (RAFT.md 8.5).
 */
export class Members {
  #identity: Identity;
  readonly #boot: string;
  readonly #address: string;
  readonly #first: FirstMembers;
  readonly #world: MembersWorld;
  /** What each first member said of itself, and of whom it has met, while we were blank. */
  readonly #met = new Map<string, Met>();
  /**
   * The first members as this node has told them to others: all met, never changed again. Two founders need the word
   * of a majority each for two different sets, and nobody gives his word twice.
   */
  #promise: readonly Member[] | undefined;
  /** Where a member said that it wants to be dialled; outranks the configuration. */
  readonly #addresses = new Map<string, string>();
  readonly #knocks = new Map<string, Knock>();
  readonly #runs = new RunsMet();

  constructor(
    identity: Identity,
    self: { readonly boot: string; readonly address: string; readonly first: FirstMembers },
    world: MembersWorld,
  ) {
    this.#identity = identity;
    this.#boot = self.boot;
    this.#address = self.address;
    this.#first = self.first;
    this.#world = world;
    this.#met.set(identity.nodeId, { incarnation: identity.incarnation, address: self.address, promise: '' });
    this.#promiseIfAllMet();
  }

  get identity(): Identity {
    return this.#identity;
  }

  get self(): MemberId {
    return memberId(this.#identity.nodeId, this.#identity.incarnation);
  }

  get boot(): string {
    return this.#boot;
  }

  get isBlank(): boolean {
    return this.#identity.clusterId === undefined;
  }

  hello(): Hello {
    const configuration = this.#world.configuration();
    return {
      clusterId: this.#identity.clusterId,
      nodeId: this.#identity.nodeId,
      incarnation: this.#identity.incarnation,
      run: this.#identity.run,
      boot: this.#boot,
      configIndex: configuration?.index ?? 0,
      membersHash: hashOfMembers(this.#first),
      address: this.#address,
      // A blank node's word; later, while it still is the configuration, what a late first member must start from.
      genesis: (this.isBlank ? (this.#promise ?? []) : genesisOf(configuration)).map(genesisRow),
    };
  }

  /** Whether that peer may speak with us; `weDialled`: the hello is the answer to ours, so it has let us in. */
  judge(hello: Hello, weDialled: boolean): Refused | undefined {
    const refusal = this.#refusal(hello, weDialled);
    if (refusal !== undefined) return refusal;
    if (hello.address !== '') this.#addresses.set(hello.nodeId, hello.address);
    this.#runs.met(hello);
    return refusal;
  }

  /** What a blank node has become able to form by the hellos it has seen, if anything. */
  genesisFrom(hello: Hello | undefined, weDialled: boolean): Genesis | undefined {
    if (!this.isBlank) return undefined;
    if (hello?.clusterId !== undefined) return this.#joined(hello, weDialled);
    return this.#founded();
  }

  /** The store has made this node a member. */
  formed(identity: Identity): void {
    this.#identity = identity;
  }

  /** A newer process with our incarnation: one of the two works on a copy of the data. */
  isDouble({ incarnation, run, boot }: Pick<Started, 'incarnation' | 'run' | 'boot'>): boolean {
    return incarnation === this.identity.incarnation && boot !== this.#boot && run >= this.identity.run;
  }

  /** Where this node said that it wants to be dialled. */
  addressOf(nodeId: string): string | undefined {
    return this.#addresses.get(nodeId);
  }

  /** The newest blank incarnation that knocked under this name. */
  knockOf(nodeId: string): Knock | undefined {
    return this.#knocks.get(nodeId);
  }

  /** Whom to keep links to. */
  peers(): readonly PeerAddress[] {
    const addresses = new Map<string, string>();
    for (const member of this.#known()) addresses.set(nodeIdOf(member.id), member.address);
    for (const [nodeId, address] of Object.entries(this.#first)) {
      if (this.isBlank || addresses.has(nodeId)) addresses.set(nodeId, address);
    }
    for (const nodeId of addresses.keys()) {
      const told = this.#addresses.get(nodeId);
      if (told !== undefined) addresses.set(nodeId, told);
    }
    addresses.delete(this.#identity.nodeId);
    // A fresh learner has no configuration yet: it goes on talking to those that it was told of.
    if (addresses.size === 0 && !this.isBlank) {
      for (const [nodeId, address] of Object.entries(this.#first)) {
        if (nodeId !== this.#identity.nodeId) addresses.set(nodeId, address);
      }
    }
    return [...addresses].map(([nodeId, address]) => ({ nodeId, address }));
  }

  #known(): readonly Member[] {
    const at = this.#world.configuration();
    return at === undefined ? [] : membersOf(at.configuration);
  }

  #refusal(hello: Hello, weDialled: boolean): Refused | undefined {
    const { nodeId } = this.#identity;
    if (this.#world.isQuarantined())
      return { code: 'QUARANTINED', text: `node ${nodeId} is quarantined: its data is damaged; replace it` };
    if (hello.nodeId === nodeId) {
      return { code: 'WRONG_NODE', text: `both sides are called ${nodeId}: every node needs an id of its own` };
    }
    if (this.isBlank) return this.#refusalOfBlank(hello, weDialled);
    if (hello.clusterId === undefined) return this.#refusalOfKnock(hello);
    if (hello.clusterId !== this.#identity.clusterId) {
      const ours = this.#identity.clusterId ?? '';
      return {
        code: 'WRONG_CLUSTER',
        text: `node ${nodeId} belongs to cluster ${ours}, ${hello.nodeId} to ${hello.clusterId}`,
      };
    }
    return this.#refusalOfMember(hello);
  }

  #refusalOfBlank(hello: Hello, weDialled: boolean): Refused | undefined {
    const { nodeId } = this.#identity;
    if (hello.clusterId !== undefined) {
      if (weDialled || this.#isIn(hello.genesis)) return undefined;
      return {
        code: 'NOT_READY',
        text: `node ${this.#identity.nodeId} is blank and not a member of cluster ${hello.clusterId} yet`,
      };
    }
    if (hello.membersHash !== hashOfMembers(this.#first)) {
      return {
        code: 'MEMBERS_DIFFER',
        text: `${hello.nodeId} and ${this.#identity.nodeId} were started with different members`,
      };
    }
    const promised = this.#promise?.find((member) => nodeIdOf(member.id) === hello.nodeId);
    if (promised !== undefined && incarnationOf(promised.id) !== hello.incarnation) {
      const text = `another data directory of ${hello.nodeId} has been met before: is it running twice? If the former is gone, restart ${nodeId}`;
      return { code: 'MEMBERS_DIFFER', text };
    }
    const { incarnation, address, genesis } = hello;
    this.#met.set(hello.nodeId, { incarnation, address, promise: wordOf(genesis.map(([id, of]) => memberId(id, of))) });
    this.#promiseIfAllMet();
    // Blank nodes keep no links: each dial carries the newest word, until both are members.
    return { code: 'NOT_READY', text: `node ${nodeId} is blank and waits until all first members agree` };
  }

  #promiseIfAllMet(): void {
    if (this.#promise !== undefined || !this.isBlank) return;
    const members: Member[] = [];
    for (const [nodeId, address] of Object.entries(this.#first).sort(byNodeId)) {
      const met = this.#met.get(nodeId);
      if (met === undefined) return;
      members.push({ id: memberId(nodeId, met.incarnation), address: met.address === '' ? address : met.address });
    }
    this.#promise = members;
  }

  /** A blank peer of a formed node: still on its way through the genesis, let in as a learner, or an empty stranger. */
  #refusalOfKnock(hello: Hello): Refused | undefined {
    const id = memberId(hello.nodeId, hello.incarnation);
    if (this.#known().some((member) => member.id === id)) return undefined;
    this.#remember(hello);
    if (this.#known().some((member) => nodeIdOf(member.id) === hello.nodeId)) {
      return {
        code: 'OTHER_INCARNATION',
        text: `the data directory of ${hello.nodeId} was lost: run "holdfast replace ${hello.nodeId}" to let the new one in`,
      };
    }
    return { code: 'UNKNOWN_MEMBER', text: `${hello.nodeId} is not a member of this cluster` };
  }

  #remember({ nodeId, incarnation, address }: Hello): void {
    this.#knocks.delete(nodeId);
    this.#knocks.set(nodeId, { incarnation, address });
    for (const oldest of this.#knocks.keys()) if (this.#knocks.size > knocksMax) this.#knocks.delete(oldest);
  }

  #refusalOfMember(hello: Hello): Refused | undefined {
    const newer = this.#runs.newerThan(hello, this.#world.runOf(hello.nodeId));
    if (newer !== undefined) {
      const text = `${hello.nodeId} says run ${hello.run}, the cluster knows a process of run ${newer.run}: its data directory is an old copy or in use twice`;
      return { code: 'OLD_RUN', text };
    }
    const at = this.#world.configuration();
    // Without a configuration of our own (a fresh learner), or with an older one, we cannot judge; the core still can.
    if (at === undefined || at.configuration.voters.length === 0 || hello.configIndex > at.index) return undefined;
    const id = memberId(hello.nodeId, hello.incarnation);
    if (this.#known().some((member) => member.id === id)) return undefined;
    const isKnownName = this.#known().some((member) => nodeIdOf(member.id) === hello.nodeId);
    // Let in by a leader that could not tell the others: as blank as before, so it may be asked for again.
    if (hello.configIndex === 0 && hello.genesis.length === 0) this.#remember(hello);
    return isKnownName
      ? {
          code: 'OTHER_INCARNATION',
          text: `${hello.nodeId} is a member under another incarnation: this one was replaced or never let in`,
        }
      : { code: 'UNKNOWN_MEMBER', text: `${hello.nodeId} is not, or no longer, a member of this cluster` };
  }

  #isIn(genesis: Hello['genesis']): boolean {
    const { nodeId, incarnation } = this.#identity;
    return genesis.some(([id, of]) => id === nodeId && of === incarnation);
  }

  /** A formed peer has let this blank node in. */
  #joined(hello: Hello, weDialled: boolean): Genesis | undefined {
    if (hello.clusterId === undefined) return undefined;
    if (this.#isIn(hello.genesis)) {
      const voters = hello.genesis.map(([id, incarnation, address]) => ({ id: memberId(id, incarnation), address }));
      return { clusterId: hello.clusterId, configuration: { voters, outgoing: [], learners: [] } };
    }
    if (!weDialled) return undefined;
    return { clusterId: hello.clusterId, configuration: { voters: [], outgoing: [], learners: [] } };
  }

  /** All first members have answered and given the same word: each of them computes the same genesis. */
  #founded(): Genesis | undefined {
    const voters = this.#promise;
    if (voters === undefined) return undefined;
    const word = wordOf(voters.map((voter) => voter.id));
    const agree = voters.every(
      (voter) => voter.id === this.self || this.#met.get(nodeIdOf(voter.id))?.promise === word,
    );
    if (!agree) return undefined;
    return { clusterId: clusterIdOf(voters), configuration: { voters, outgoing: [], learners: [] } };
  }
}

/** Blank strangers that are remembered; the oldest is forgotten first. */
const knocksMax = 1_000;

const genesisOf = (at: ConfigurationAt | undefined): readonly Member[] =>
  at?.index === 0 ? at.configuration.voters : [];

/** One string for a set of members. */
const wordOf = (ids: readonly MemberId[]): string => [...ids].sort().join(' ');

const genesisRow = (voter: Member): readonly [string, string, string] => [
  nodeIdOf(voter.id),
  incarnationOf(voter.id),
  voter.address,
];

const byNodeId = (a: readonly [string, string], b: readonly [string, string]): number => (a[0] < b[0] ? -1 : 1);

/** What blank nodes compare, so that a typing error in one configuration founds no cluster. */
export function hashOfMembers(members: FirstMembers): string {
  const sorted = Object.entries(members).sort(byNodeId);
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex').slice(0, 32);
}

/** The first 128 bits of SHA-256 over the sorted (id, incarnation) pairs. */
function clusterIdOf(voters: readonly Member[]): string {
  const ids = voters.map((voter) => voter.id).sort();
  return createHash('sha256').update(ids.join('\n')).digest('hex').slice(0, 32);
}
