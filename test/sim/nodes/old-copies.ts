import { type MemberId, memberId } from '../../../raft/index.ts';
import type { Hello } from '../../../src/transport/index.ts';
import type { Ghost } from '../ghost.ts';

/** What the doorkeeper needs to know of the nodes. */
export interface Neighbourhood {
  /** Whether the table of a node has recorded a process of `hello`'s directory that is newer. */
  hasRecordedNewer(nodeId: string, hello: Hello): boolean;
  /** Somebody let an old copy in who cannot have known better: it is taken away. */
  blind(nodeId: string): void;
}

/**
 * Stands beside every door: an old copy of a data directory is turned away by everybody who has met, or recorded, a newer
 * process of it (N2). Who has done neither cannot know; that limit of the promise is in docs/guarantees.md, and what such
 * a copy could do then is not judged.
 */
export class OldCopies {
  readonly #ghost: Ghost;
  readonly #world: Neighbourhood;
  readonly #copies = new Set<MemberId>();
  /** By the boot of a process: the newest processes of others that it has met. */
  readonly #met = new Map<string, Map<MemberId, Hello>>();

  constructor(ghost: Ghost, world: Neighbourhood) {
    this.#ghost = ghost;
    this.#world = world;
  }

  /** That member's disk is an old copy from now on, until it is wiped. */
  add(member: MemberId): void {
    this.#copies.add(member);
  }

  has(member: MemberId): boolean {
    return this.#copies.has(member);
  }

  /** The two have let each other in. */
  linked(one: Hello, other: Hello): void {
    this.#judge(one, other);
    this.#judge(other, one);
    this.#remember(one, other);
    this.#remember(other, one);
  }

  #judge(doorkeeper: Hello, guest: Hello): void {
    const member = memberOf(guest);
    if (!this.#copies.has(member)) return;
    const met = this.#met.get(doorkeeper.boot)?.get(member);
    const knows = (met !== undefined && isNewer(met, guest)) || this.#world.hasRecordedNewer(doorkeeper.nodeId, guest);
    this.#ghost.demand(!knows, 'N2', () => `${doorkeeper.nodeId} lets an old copy of ${guest.nodeId} in`);
    this.#ghost.count('blind copies');
    this.#world.blind(guest.nodeId);
  }

  #remember(who: Hello, met: Hello): void {
    const known = this.#met.get(who.boot) ?? new Map<MemberId, Hello>();
    this.#met.set(who.boot, known.set(memberOf(met), met));
  }
}

const memberOf = ({ nodeId, incarnation }: Hello): MemberId => memberId(nodeId, incarnation);

const isNewer = (known: Hello, { run, boot }: Hello): boolean =>
  known.run > run || (known.run === run && known.boot !== boot);
