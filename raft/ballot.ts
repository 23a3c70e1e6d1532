import type { PreVote, Vote } from './message.ts';
import type { RoleState } from './role.ts';
import type { Server } from './server.ts';

/** What to do about a question for our vote. */
export interface Judgement {
  /** The asker's term becomes ours, granted or not. */
  readonly raises: boolean;
  readonly granted: boolean;
}

/** Judges without raising anything: would we vote for the asker in that term? */
export function judgePreVote(server: Server, role: RoleState, question: PreVote): boolean {
  return (
    question.term > server.term &&
    isEligible(server, question) &&
    isFreeOf(role, question) &&
    isUpToDate(server, question)
  );
}

/** Judges a vote (paper, 5.2 and 5.4.1). A refusal without `raises` leaves everything as it was. */
export function judgeVote(server: Server, role: RoleState, question: Vote): Judgement {
  const none: Judgement = { raises: false, granted: false };
  if (question.term < server.term || !isEligible(server, question)) return none;
  if (question.term > server.term) {
    if (!isFreeOf(role, question) && !question.transfer) return none;
    return { raises: true, granted: isUpToDate(server, question) };
  }
  // In our own term: once, to the same one again, and to nobody once it has its leader.
  const isFree = server.votedFor === undefined || server.votedFor === question.from;
  return { raises: false, granted: isFree && role.leader === undefined && isUpToDate(server, question) };
}

/**
 * Our own configuration says nothing about who may lead, for ours may be the older one (S52); but somebody whom it does
 * not know, and who knows no newer one, was removed (S55).
 */
function isEligible(server: Server, question: PreVote | Vote): boolean {
  return server.membership.knows(question.from) || question.configIndex > server.membership.effective.index;
}

/** A live leader shall not be disturbed (dissertation, 4.2.3); but who leads our term and asks for a later one has given up. */
function isFreeOf(role: RoleState, question: PreVote | Vote): boolean {
  return !role.isSticky || role.leader === question.from;
}

/** Last term first, then length (S08). */
function isUpToDate(server: Server, question: PreVote | Vote): boolean {
  const { index, term } = server.log.last;
  return question.lastTerm > term || (question.lastTerm === term && question.lastIndex >= index);
}
