import type { Entry, Input, MemberId, Message, ProposalAnswer, ReadAnswer, Term } from '../../raft/index.ts';
import type { Agenda } from './agenda.ts';
import type { Disk, Table } from './disk.ts';
import type { Ghost } from './ghost.ts';
import type { Mutant } from './mutant.ts';
import type { Swarm } from './swarm.ts';
import type { Trace } from './trace.ts';

/** A snapshot under way between two members, as one message. */
export interface Shipment {
  readonly from: MemberId;
  readonly to: MemberId;
  readonly term: Term;
  readonly table: Table;
}

/** What a simulated process sees of its world. */
export interface Surroundings {
  readonly agenda: Agenda;
  readonly swarm: Swarm;
  readonly ghost: Ghost;
  readonly trace: Trace;
  readonly mutant: Mutant;
  readonly send: (message: Message) => void;
  readonly ship: (shipment: Shipment) => void;
  readonly answered: (member: MemberId, answer: ProposalAnswer) => void;
  readonly read: (member: MemberId, answer: ReadAnswer) => void;
  readonly applied: (member: MemberId, entry: Entry) => void;
  /** The process ended; what it was asked and has not answered is lost. */
  readonly died: (member: MemberId) => void;
}

/** What the parts of one life share. */
export interface Host {
  readonly id: MemberId;
  readonly disk: Disk;
  readonly world: Surroundings;
  /** Runs `chore` in the process's next turn, once `ms` have passed; never, if the process dies before. */
  later(ms: number, chore: () => void): void;
  /** What the core is to hear in this turn or the next. */
  hear(input: Input): void;
  /** Lets `message` leave. */
  send(message: Message): void;
  /** A boundary between two effects: false if the process dies here. */
  survives(): boolean;
}
