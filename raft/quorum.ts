import type { Configuration, Member } from './config.ts';
import type { MemberId } from './types.ts';

/** What a member has reached; a member that must not count says less than anybody (0 or -Infinity). */
export type ValueOf = (id: MemberId) => number;

/** The smallest number of members that any other such number intersects. */
export const majority = (members: number): number => Math.floor(members / 2) + 1;

/** The largest value that a quorum has reached; -Infinity without voters. Joint: what both majorities have reached. */
export function reachedByQuorum(configuration: Configuration, of: ValueOf): number {
  const incoming = reachedByMajority(configuration.voters, of);
  if (configuration.outgoing.length === 0) return incoming;
  return Math.min(incoming, reachedByMajority(configuration.outgoing, of));
}

/** `lost`: those who have not refused yet cannot win it any more. */
export type Verdict = 'won' | 'lost' | 'open';

/** Judges an election; ids that are not voters do not count, whoever they are (S07, S43). */
export function verdict(
  configuration: Configuration,
  granted: ReadonlySet<MemberId>,
  refused: ReadonlySet<MemberId>,
): Verdict {
  const reached = reachedByQuorum(configuration, (id) => (granted.has(id) ? 2 : refused.has(id) ? 0 : 1));
  if (reached === 2) return 'won';
  return reached === 1 ? 'open' : 'lost';
}

function reachedByMajority(members: readonly Member[], of: ValueOf): number {
  // Descending; few enough for insertion to beat a sort.
  const values: number[] = [];
  for (const member of members) {
    const value = of(member.id);
    let at = values.length;
    values.push(value);
    for (let above = values[at - 1]; at > 0 && above !== undefined && above < value; above = values[at - 1]) {
      values[at] = above;
      at -= 1;
    }
    values[at] = value;
  }
  return values[majority(members.length) - 1] ?? Number.NEGATIVE_INFINITY;
}
