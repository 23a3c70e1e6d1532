import type { Configuration, LogIndex } from '../../raft/index.ts';
import type { Process } from './process.ts';
import { isSettled, type Replacement } from './replacement.ts';
import { Violation } from './violation.ts';
import type { Workload } from './workload.ts';
import type { World } from './world.ts';

const aftermath = 3;
const electionsAllowed = 15;
const serviceAllowed = 10;
const requestsServed = 10;

/**
 * After the last fault, a cluster must find a leader, bring everybody to the same place, serve, and stay as it is: the
 * rules L1 to L5. Waits count in election timeouts of the slowest clock.
 */
export class Liveness {
  readonly #world: World;
  readonly #workload: Workload;
  readonly #replacement: Replacement;

  constructor(world: World, { workload, replacement }: { workload: Workload; replacement: Replacement }) {
    this.#world = world;
    this.#workload = workload;
    this.#replacement = replacement;
  }

  judge(): void {
    const { agenda, swarm } = this.#world;
    // What was begun under faults, a transfer for instance, may still end.
    this.#world.runUntil(agenda.now + swarm.electionTimeout * aftermath);
    this.#await('L1', electionsAllowed, 'nobody leads', () => this.#world.leader !== undefined);
    const behind = this.#entriesBehind();
    this.#await('L2', electionsAllowed + behind, 'the members are not at one', () => this.#isAtOne());
    const { status } = this.#leader();
    this.#serve();
    this.#await('L2', electionsAllowed, 'the members are not at one after writes', () => this.#isAtOne());
    const later = this.#leader().status;
    const isStable = later?.term === status?.term && later?.self === status?.self;
    if (!isStable)
      throw new Violation('L4', `leader ${status?.self} of ${status?.term} became ${later?.self} of ${later?.term}`);
    const { requests } = this.#world;
    this.#await('L5', 5, 'questions stay open', () => requests.open === 0);
  }

  /** L3: writes through the leader and reads anywhere, one after another; a refusal may be tried again. */
  #serve(): void {
    for (let request = 0; request < requestsServed; request += 1) {
      this.#untilDone('a write is not served', (settle) => this.#workload.write(this.#leader(), settle));
      const members = this.#members();
      const reader = members[request % members.length] ?? this.#leader();
      this.#untilDone(`a read at ${reader.id} is not served`, (settle) => this.#workload.read(reader, settle));
    }
  }

  #untilDone(trouble: string, ask: (settle: (isDone: boolean) => void) => void): void {
    let state: 'idle' | 'asked' | 'done' = 'idle';
    this.#await('L3', serviceAllowed, trouble, () => {
      if (state === 'idle') {
        state = 'asked';
        ask((isDone) => {
          state = isDone ? 'done' : 'idle';
        });
      }
      return state === 'done';
    });
  }

  /** Runs until `holds`, looked at every tenth of an election timeout. */
  #await(rule: string, timeouts: number, trouble: string, holds: () => boolean): void {
    const { agenda, swarm } = this.#world;
    const slowest = swarm.electionTimeout / 0.8;
    const deadline = agenda.now + slowest * timeouts;
    while (!holds()) {
      if (agenda.now > deadline)
        throw new Violation(rule, `${trouble} within ${timeouts.toFixed(0)} election timeouts`);
      this.#world.runUntil(agenda.now + slowest / 20);
    }
  }

  #leader(): Process {
    const { leader } = this.#world;
    if (leader === undefined) throw new Violation('L4', 'the leader is gone');
    return leader;
  }

  #configuration(): Configuration | undefined {
    return this.#world.leader?.status?.configuration;
  }

  #members(): readonly Process[] {
    const voters = this.#configuration()?.voters ?? [];
    return voters.flatMap(({ id }) => this.#world.processes.get(id) ?? []);
  }

  /** One leader, one configuration, one applied index, one state: at all members that can be there. */
  #isAtOne(): boolean {
    const configuration = this.#configuration();
    const leader = this.#world.leader;
    if (configuration === undefined || leader === undefined || !isSettled(configuration)) return false;
    if (this.#replacement.isUnderway) return false;
    const members = this.#members().filter((member) => member.isUp);
    const state = leader.machine?.state;
    return members.every(({ status, machine }) => {
      const end: LogIndex | undefined = leader.status?.lastIndex;
      const isThere = status?.appliedIndex === end && status?.lastIndex === end && machine?.state === state;
      return isThere && status?.leader === leader.id && status?.term === leader.status?.term;
    });
  }

  /** In election timeouts: how long it takes to send one entry after another, an exchange each, to who is furthest. */
  #entriesBehind(): number {
    const { swarm, processes } = this.#world;
    const end = Math.max(...[...processes.values()].map(({ disk }) => disk.log.last.index));
    const entryMs = swarm.electionTimeout / 10 + 4 * swarm.turnDelay + swarm.applyDelay * 2;
    return Math.min(200, (end * entryMs) / swarm.electionTimeout);
  }
}
