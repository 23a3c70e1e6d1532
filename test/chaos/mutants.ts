import { catalogue } from '../mutants/catalogue.ts';
import type { Mutant } from '../mutants/mutant.ts';

/** A bug that clients of a real cluster, or the journals of its nodes, show however well the rest is guarded. */
export interface VisibleMutant extends Omit<Mutant, 'killer'> {
  /** Why somebody who sees only calls and answers, or only journals, must notice. */
  readonly reason: string;
}

/** One of those that the unit tests must find, too. */
function known(id: string, reason: string): VisibleMutant {
  const mutant = catalogue.find((one) => one.id === id);
  if (mutant === undefined) throw new Error(`no mutant ${id} in test/mutants`);
  return { ...mutant, reason };
}

/**
 * Not here are bugs that only a loss of power shows (a killed process leaves its writes to the kernel), and those that
 * a second guard hides from clients.
 */
export const visibleMutants: readonly VisibleMutant[] = [
  known('two-holders', 'whoever comes second is granted while the first still holds, validates and releases'),
  known('token-from-request', 'every session counts from one: tokens of one lock come twice and fall'),
  known('late-grant-kept', 'a wait that was given up too late gets the lock and keeps it: nobody else ever does'),
  known('new-leader-expires', 'each change of leader ends sessions whose holders were never silent'),
  known(
    'reentry-not-counted',
    'an owner that has left one of two entries is told that it holds nothing, or somebody comes',
  ),
  known('deadlock-without-circle', 'owners are refused for circles in which nobody waits for them'),
  known('composite-in-pieces', 'a request for two locks is granted while the other one is held, or stops its node'),
  known('quorum-too-small', 'both sides of a partition elect, commit and grant'),
  {
    id: 'expires-early',
    guard: 'a session is not ended before its TTL has passed in silence',
    reason: 'sessions end between two heartbeats, while their holders know by their own clock that they hold',
    file: 'src/node/deadlines.ts',
    find: 'if (known !== undefined) this.#deadlines.set(session, now + known.ttlMs);',
    plant: 'if (known !== undefined) this.#deadlines.set(session, now + known.ttlMs / 10);',
  },
  {
    id: 'commit-without-quorum',
    guard: 'an entry is committed once a majority has it on disk',
    reason: 'a leader that is killed, or on the wrong side, takes acknowledged grants with it',
    file: 'raft/leader.ts',
    find: 'const reached = this.#replication.peers.match(durableIndex);',
    plant: 'const reached = Math.max(durableIndex, this.#replication.peers.match(durableIndex));',
  },
  {
    id: 'tables-drift',
    guard: 'what an entry does to the table depends on nothing but the entry and the table',
    reason: 'no client is told the time of the table, but the digests in the journals of two nodes differ',
    file: 'src/node/applier.ts',
    find: 'this.#table.apply(entry.index, stamp, command, this.#emit);',
    plant: 'this.#table.apply(entry.index, stamp + (process.pid % 7), command, this.#emit);',
  },
  {
    id: 'read-without-quorum',
    guard: 'a read is answered once a quorum has confirmed that nothing newer exists',
    reason: 'a follower that has not applied the grant yet shows the lock as free after its holder has it',
    file: 'src/node/queries.ts',
    find: "if (asked.query.consistency === 'local') answer(asked);",
    plant: 'if (asked.query.consistency !== undefined) answer(asked);',
  },
];
