import type { Configuration, Member, MemberId } from '../../raft/index.ts';
import { Stream } from '../../src/testing/random.ts';
import type { Nemesis } from './nemesis.ts';
import type { Process } from './process.ts';
import { memberNamed, type World } from './world.ts';

/** Operators who replace members, one at a time: lost ones, and some that were fine. */
export class Replacement {
  readonly #world: World;
  readonly #nemesis: Nemesis;
  readonly #stream: Stream;
  #underway: { readonly victim: MemberId; readonly successor: Process } | undefined;

  constructor(world: World, nemesis: Nemesis) {
    this.#world = world;
    this.#nemesis = nemesis;
    this.#stream = new Stream(world.swarm.seed, 'replacement');
  }

  /** Whether a member waits to be replaced. */
  get isUnderway(): boolean {
    return this.#underway !== undefined;
  }

  start(): void {
    const { every } = this.#world.swarm;
    if (every.replacement === undefined || this.#nemesis.isOver) return;
    this.#world.agenda.after(this.#stream.exponential(every.replacement), () => {
      if (this.#underway === undefined) this.#begin();
      this.start();
    });
  }

  #begin(): void {
    const configuration = this.#world.leader?.status?.configuration;
    if (configuration === undefined || this.#nemesis.isOver || !isSettled(configuration)) return;
    const victim = this.#stream.pick(configuration.voters).id;
    const [slot, incarnation] = victim.split('.');
    const member = memberNamed(`${slot}.${Number(incarnation) + 1}`);
    if (this.#world.processes.has(member.id)) return;
    // Two voters cannot lose one and go on; of three or more, one may lose its disk until it is replaced.
    const isLost = configuration.voters.length > 2 && this.#stream.chance(0.5);
    if (isLost) this.#nemesis.destroy(victim);
    const successor = this.#world.found(member, { voters: [], outgoing: [], learners: [] });
    this.#underway = { victim, successor };
    this.#ask();
  }

  /** Asks whoever leads, again and again until it is done: an answer says nothing of what a later leader keeps. */
  #ask(): void {
    if (this.#underway === undefined) return;
    const { victim, successor } = this.#underway;
    const { leader, swarm, agenda, requests } = this.#world;
    const known = leader?.status?.configuration;
    // Before the last step is committed a later leader may have to decide with the former voters.
    const isCommitted = leader?.status !== undefined && leader.status.configIndex <= leader.status.commitIndex;
    if (known !== undefined && isVoter(known, successor.id) && isSettled(known) && isCommitted) {
      this.#finish(victim);
      return;
    }
    const isAsked = known?.learners.some(({ id }) => id === successor.id) === true;
    if (leader !== undefined && !isAsked) requests.replace(leader, successor, { replaces: victim, settle: () => {} });
    agenda.after(swarm.electionTimeout * 2, () => this.#ask());
  }

  #finish(victim: MemberId): void {
    this.#underway = undefined;
    this.#world.ghost.count('replacements');
    // Half of those that were replaced go on running for ever: they may not disturb.
    if (this.#stream.chance(0.5)) this.#nemesis.destroy(victim);
  }
}

const isVoter = ({ voters }: Configuration, id: MemberId): boolean => voters.some((voter: Member) => voter.id === id);

/** Neither joint nor on the way there. */
export const isSettled = ({ outgoing, learners }: Configuration): boolean =>
  outgoing.length === 0 && learners.length === 0;
