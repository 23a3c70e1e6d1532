import type {
  Configuration,
  CoreStatus,
  Entry,
  Member,
  MemberId,
  Message,
  ProposalAnswer,
  ReadAnswer,
} from '../../raft/index.ts';
import { Stream } from '../../src/testing/random.ts';
import { Agenda } from './agenda.ts';
import type { Table } from './disk.ts';
import { Ghost } from './ghost.ts';
import type { Mutant } from './mutant.ts';
import { Network } from './network.ts';
import { Process } from './process.ts';
import { Requests } from './requests.ts';
import type { Shipment, Surroundings } from './surroundings.ts';
import type { Swarm } from './swarm.ts';
import { Trace } from './trace.ts';
import { Violation } from './violation.ts';

const stepsMax = 3_000_000;

export interface Laws {
  readonly mutant: Mutant;
  /** Rules that are not judged. */
  readonly blind: readonly string[];
}

/** A cluster in virtual time: processes, the network between them, and the ghost that knows everything. */
export class World implements Surroundings {
  readonly swarm: Swarm;
  readonly mutant: Mutant;
  readonly agenda: Agenda = new Agenda();
  readonly trace: Trace = new Trace();
  readonly ghost: Ghost;
  readonly network: Network;
  readonly requests: Requests;
  readonly processes: Map<MemberId, Process> = new Map();
  /** Called when any state machine executed an entry. */
  readonly onApplied: ((member: MemberId, entry: Entry) => void)[] = [];
  /** Called when a message leaves, before its sender does anything else. */
  readonly onSent: ((message: Message) => void)[] = [];
  /** Called when a process died. */
  readonly onDied: ((member: MemberId) => void)[] = [];
  readonly #stream: Stream;
  #steps = 0;

  constructor(swarm: Swarm, { mutant, blind }: Laws) {
    this.swarm = swarm;
    this.mutant = mutant;
    this.ghost = new Ghost(blind);
    this.network = new Network(this.agenda, swarm);
    this.requests = new Requests(this.ghost);
    this.#stream = new Stream(swarm.seed, 'world');
    const voters = Array.from({ length: swarm.voters }, (_, at) => memberNamed(`${at + 1}.0`));
    for (const member of voters) this.found(member, { voters, outgoing: [], learners: [] });
  }

  /** Adds a process with an empty disk, and starts it. */
  found(member: Member, configuration: Configuration): Process {
    const process = new Process(member, blankTable(configuration), this);
    this.processes.set(member.id, process);
    process.start();
    return process;
  }

  get up(): readonly Process[] {
    return [...this.processes.values()].filter((process) => process.isUp);
  }

  /** The process that leads the newest term, if any believes to lead. */
  get leader(): Process | undefined {
    let newest: Process | undefined;
    for (const process of this.processes.values()) {
      const { status } = process;
      if (status?.role === 'leader' && status.term > (newest?.status?.term ?? 0)) newest = process;
    }
    return newest;
  }

  /** Does what is planned until `time`. */
  runUntil(time: number): void {
    let isThere = false;
    this.agenda.after(time - this.agenda.now, () => {
      isThere = true;
    });
    while (!isThere && this.agenda.step()) {
      this.#steps += 1;
      if (this.#steps > stepsMax) throw new Violation('L0', `more than ${stepsMax} events`);
    }
  }

  get steps(): number {
    return this.#steps;
  }

  send(message: Message): void {
    for (const listener of this.onSent) listener(message);
    // On a real network nobody could change what another one holds.
    Object.freeze(message);
    if (message.kind === 'append') Object.freeze(message.entries);
    this.network.carry(message, () => this.processes.get(message.to)?.hear({ kind: 'message', message }));
  }

  /** A snapshot travels as one message that takes longer than others; its sender hears how it went, sooner or later. */
  ship(shipment: Shipment): void {
    const { from, to } = shipment;
    const { electionTimeout, network } = this.swarm;
    const sender = this.processes.get(from);
    let isTold = false;
    const tell = (delivered: boolean): void => {
      if (isTold) return;
      isTold = true;
      sender?.hear({ kind: 'snapshot-sent', to, delivered });
    };
    this.agenda.after(electionTimeout * 3, () => tell(false));
    this.agenda.after(network.delay * this.#stream.int(1, 5), () => {
      this.network.carry(shipment, () => {
        const isTaken = this.processes.get(to)?.receive(shipment) ?? false;
        this.network.carry({ from: to, to: from }, () => tell(isTaken));
      });
    });
  }

  answered(member: MemberId, answer: ProposalAnswer): void {
    this.requests.answered(member, answer);
  }

  read(member: MemberId, answer: ReadAnswer): void {
    this.requests.confirmed(member, answer);
  }

  applied(member: MemberId, entry: Entry): void {
    for (const listener of this.onApplied) listener(member, entry);
  }

  died(member: MemberId): void {
    this.requests.died(member);
    for (const listener of this.onDied) listener(member);
    for (const process of this.up) this.notice(process, member, true);
  }

  /** `process` may come to know that its link to `peer` broke; `refused` if nobody listens there any more. */
  notice(process: Process, peer: MemberId, refused: boolean): void {
    if (!this.#stream.chance(this.network.notices)) return;
    const { delay, jitter } = this.swarm.network;
    this.agenda.after(delay * 2 + this.#stream.exponential(jitter), () => {
      const isRefused = refused && !this.network.isCut(process.id, peer) && this.processes.get(peer)?.isUp !== true;
      process.hear({ kind: 'unreachable', peer, refused: isRefused });
    });
  }

  /** One line per member: for people who look for what went wrong. */
  get table(): readonly string[] {
    return [...this.processes.values()].map((process) => {
      const { hardState, log, table } = process.disk;
      const durable = `durable ${log.base.index}..${log.last.index} term ${hardState.term} vote ${hardState.votedFor ?? '-'}`;
      const state = process.isUp ? (process.isPaused ? 'paused' : 'up') : 'down';
      return `${process.id} ${state} ${shownStatus(process.status)} | ${durable} table ${table.head.position.index}`;
    });
  }
}

/** A member by its name: `slot.incarnation`. */
export const memberNamed = (id: MemberId): Member => ({ id, address: `${id}:1` });

const blankTable = (configuration: Configuration): Table => ({
  head: { position: { index: 0, term: 0, chain: 0 }, configuration: { index: 0, configuration } },
  state: 0,
});

function shownStatus(status: CoreStatus | undefined): string {
  if (status === undefined) return '';
  const { role, term, leader, firstIndex, lastIndex, commitIndex, appliedIndex, configuration, configIndex } = status;
  const names = (members: readonly Member[]): string => members.map(({ id }) => id).join(',');
  const { voters, outgoing, learners } = configuration;
  const members = `config ${configIndex} [${names(voters)}|${names(outgoing)}|${names(learners)}]`;
  const places = `log ${firstIndex}..${lastIndex} commit ${commitIndex} applied ${appliedIndex}`;
  return `${role} term ${term} leader ${leader ?? '-'} ${places} ${members}`;
}
