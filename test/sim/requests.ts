import type { MemberId, ProposalAnswer, ReadAnswer } from '../../raft/index.ts';
import type { Ghost } from './ghost.ts';
import type { Process } from './process.ts';

type Settle<T> = (answer: T | 'lost') => void;

interface Pending<T> {
  readonly member: MemberId;
  readonly settle: Settle<T>;
}

/** What processes were asked. Each question is settled exactly once: answered, or lost with the process (I19). */
export class Requests {
  readonly #ghost: Ghost;
  readonly #proposals = new Map<number, Pending<ProposalAnswer>>();
  readonly #reads = new Map<number, Pending<ReadAnswer>>();
  #count = 0;

  constructor(ghost: Ghost) {
    this.#ghost = ghost;
  }

  /** How many questions are open. */
  get open(): number {
    return this.#proposals.size + this.#reads.size;
  }

  propose(process: Process, payload: Uint8Array, settle: Settle<ProposalAnswer>): void {
    const id = this.#next();
    if (process.hear({ kind: 'propose', id, payload })) this.#proposals.set(id, { member: process.id, settle });
    else settle('lost');
  }

  read(process: Process, settle: Settle<ReadAnswer>): void {
    const id = this.#next();
    if (process.hear({ kind: 'read', id })) this.#reads.set(id, { member: process.id, settle });
    else settle('lost');
  }

  /** Asks `leader` to put `successor` in the place of `replaces`. */
  replace(leader: Process, successor: Process, { replaces, settle }: Replace): void {
    const id = this.#next();
    const { member } = successor;
    const isHeard = leader.hear({ kind: 'replace', id, member, replaces });
    if (isHeard) this.#proposals.set(id, { member: leader.id, settle });
    else settle('lost');
  }

  answered(member: MemberId, answer: ProposalAnswer): void {
    this.#take(this.#proposals, member, answer)?.settle(answer);
  }

  confirmed(member: MemberId, answer: ReadAnswer): void {
    this.#take(this.#reads, member, answer)?.settle(answer);
  }

  died(member: MemberId): void {
    for (const pending of [...lostWith(member, this.#proposals), ...lostWith(member, this.#reads)]) {
      pending.settle('lost');
    }
  }

  #next(): number {
    this.#count += 1;
    return this.#count;
  }

  #take<T>(pending: Map<number, Pending<T>>, member: MemberId, { id }: { id: number }): Pending<T> | undefined {
    const one = pending.get(id);
    this.#ghost.demand(one?.member === member, 'I19', () => `${member} answers ${id}, which nobody asks it any more`);
    pending.delete(id);
    return one;
  }
}

interface Replace {
  readonly replaces: MemberId;
  readonly settle: Settle<ProposalAnswer>;
}

function lostWith<T>(member: MemberId, pending: Map<number, Pending<T>>): readonly Pending<T>[] {
  const lost = [...pending].filter(([, one]) => one.member === member);
  for (const [id] of lost) pending.delete(id);
  return lost.map(([, one]) => one);
}
