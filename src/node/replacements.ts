import type { MemberId } from '../../raft/index.ts';
import {
  type Configuration,
  isJoint,
  memberId,
  nodeIdOf,
  type ProposalAnswer,
  type Refusal,
} from '../../raft/index.ts';
import type { AdminOutcome } from './gateway.ts';
import type { Knock } from './members.ts';

type Done = (outcome: AdminOutcome) => void;

interface Replacement {
  readonly member: MemberId;
  readonly done: Done;
}

const refused = (text: string): AdminOutcome => ({ ok: false, failure: { code: 'INVALID_ARGUMENT', text } });

/** What to tell the operator, by the core's reason. */
const refusalTexts: Readonly<Record<Refusal, string>> = {
  'not-leader': 'the leader changed: try again',
  'no-quorum': 'no quorum of voters answers: a replacement needs one',
  overloaded: 'the leader is overloaded: try again',
  transferring: 'leadership is being handed over: try again',
  'change-in-progress': 'another change of members is under way, or the leader has only just been elected: try again',
  'bad-change': 'it is not a voter of this cluster, or has been replaced already',
};

/** Replacements of members asked for at this leader, each answered when the cluster has finished it. */
export class Replacements {
  readonly #asked = new Map<number, Replacement>();
  #underWay: Replacement[] = [];

  /**
   * What to feed the core, or undefined when the answer is known already.
   * `knock` is the blank incarnation that waits outside under the same name.
   */
  start(
    nodeId: string,
    world: { readonly configuration: Configuration; readonly knock: Knock | undefined; readonly id: number },
    done: Done,
  ): { readonly member: { id: MemberId; address: string }; readonly replaces: MemberId } | undefined {
    const { configuration, knock } = world;
    const current = configuration.voters.find((voter) => nodeIdOf(voter.id) === nodeId);
    if (current === undefined) {
      done(refused(`no voter of this cluster is called ${nodeId}`));
      return undefined;
    }
    if (knock === undefined || memberId(nodeId, knock.incarnation) === current.id) {
      done(refused(`no blank node called ${nodeId} has asked to join: start it with an empty data directory first`));
      return undefined;
    }
    const replacement = { member: memberId(nodeId, knock.incarnation), done };
    if (configuration.learners.some((learner) => learner.id === replacement.member)) {
      this.#underWay.push(replacement);
      return undefined;
    }
    this.#asked.set(world.id, replacement);
    return { member: { id: replacement.member, address: knock.address }, replaces: current.id };
  }

  answered(answer: ProposalAnswer): void {
    const replacement = this.#asked.get(answer.id);
    if (replacement === undefined) return;
    this.#asked.delete(answer.id);
    if (answer.kind !== 'accepted') return replacement.done(refused(refusalTexts[answer.reason]));
    this.#endOvertaken(replacement.member);
    this.#underWay.push(replacement);
  }

  /** A newcomer that was lost on its way gives way to the next one under its name, and never becomes a voter. */
  #endOvertaken(member: MemberId): void {
    const isOvertaken = (other: Replacement): boolean =>
      other.member !== member && nodeIdOf(other.member) === nodeIdOf(member);
    const overtaken = this.#underWay.filter(isOvertaken);
    this.#underWay = this.#underWay.filter((other) => !isOvertaken(other));
    for (const { done } of overtaken) done(refused('another new incarnation was put in its place meanwhile'));
  }

  /** This node stops: whoever waits hears it. */
  close(): void {
    const open = [...this.#asked.values(), ...this.#underWay];
    this.#asked.clear();
    this.#underWay = [];
    for (const { done } of open) done(refused('this node has stopped: see "holdfast status" at another one'));
  }

  /** The committed configuration moved on, or this node does not lead any more. */
  settle(configuration: Configuration, leads: boolean): void {
    if (this.#underWay.length === 0) return;
    const isIn = (member: MemberId): boolean =>
      !isJoint(configuration) && configuration.voters.some((voter) => voter.id === member);
    const underWay = this.#underWay;
    this.#underWay = leads ? underWay.filter((replacement) => !isIn(replacement.member)) : [];
    for (const { member, done } of underWay) {
      if (isIn(member)) done({ ok: true });
      else if (!leads)
        done(refused('the leader changed; the new one goes on with the replacement: see "holdfast status"'));
    }
  }
}
