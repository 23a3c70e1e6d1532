import { type MemberId, nodeIdOf } from '../../raft/index.ts';
import type { Genesis } from '../../storage/index.ts';
import type { Hello, Packet, PeerHandlers, Refused, Rejection } from '../transport/index.ts';
import type { Members } from './members.ts';
import type { Logger } from './options.ts';
import type { Replica } from './replica.ts';

interface AdmissionWorld {
  readonly members: Members;
  readonly logger: Logger;
  readonly replica: () => Replica | undefined;
  /** A peer wants to be dialled elsewhere than before. */
  readonly moved: () => void;
  /** A peer has seen a later life of this data directory than this one. */
  readonly outlived: (text: string) => void;
  /** What this blank node heard makes it a member. */
  readonly form: (genesis: Genesis) => void;
}

/** What a node does at its door: lets peers in or not, and notices when it has been let in itself. */
export class Admission implements PeerHandlers {
  readonly #world: AdmissionWorld;
  /** What was said of each peer under each code since its link was last up: a peer that knocks on says it every time. */
  readonly #told = new Map<string, string>();

  constructor(world: AdmissionWorld) {
    this.#world = world;
  }

  hello(): Hello {
    return this.#world.members.hello();
  }

  judge(hello: Hello, weDialled: boolean): Refused | undefined {
    const { members, moved } = this.#world;
    const before = members.addressOf(hello.nodeId);
    const refused = members.judge(hello, weDialled);
    if (members.addressOf(hello.nodeId) !== before) moved();
    // A refused hello founds nothing by itself, but it may have been the last word that was missing.
    this.#consider(refused === undefined ? hello : undefined, weDialled);
    return refused;
  }

  receive(from: MemberId, packet: Packet): void {
    this.#world.replica()?.receive(from, packet);
  }

  linkUp(member: MemberId): void {
    const peer = nodeIdOf(member);
    for (const key of this.#told.keys()) if (key.startsWith(`${peer} `)) this.#told.delete(key);
    this.#world.logger.debug({ peer }, 'a link to a peer is up');
    this.#world.replica()?.reached(member);
  }

  linkDown(nodeId: string, member: MemberId | undefined, wasRefused: boolean): void {
    const replica = this.#world.replica();
    if (replica === undefined) return;
    // A peer that has not introduced itself since is the one that the configuration knows by this name.
    const peer =
      member ?? replica.configuration.configuration.voters.find((voter) => nodeIdOf(voter.id) === nodeId)?.id;
    if (peer !== undefined) replica.unreachable(peer, wasRefused);
  }

  refused(nodeId: string, { code, text, by }: Rejection): void {
    const key = `${nodeId} ${code} ${by}`;
    if (this.#told.get(key) === text) return;
    this.#told.set(key, text);
    // An old copy that we turn away is no news of ourselves.
    if (code === 'OLD_RUN' && by === 'peer') return this.#world.outlived(`node ${nodeId} refuses it: ${text}`);
    const context = { peer: nodeId, code };
    // Said by blank nodes until all have met: part of every first start.
    if (code === 'NOT_READY') this.#world.logger.debug(context, text);
    else this.#world.logger.warn(context, text);
  }

  /** For a node whose first members are itself alone: nobody needs to be met. */
  considerAlone(): void {
    this.#consider(undefined, false);
  }

  #consider(hello: Hello | undefined, weDialled: boolean): void {
    const genesis = this.#world.members.genesisFrom(hello, weDialled);
    if (genesis !== undefined) this.#world.form(genesis);
  }
}
