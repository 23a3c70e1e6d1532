import type { Position } from '../../raft/index.ts';
import type { Store } from '../../storage/index.ts';
import {
  asked,
  checkpoint,
  entriesAfter,
  type Found,
  genesis,
  openStore,
  positionOf,
  start,
  write,
} from './samples.ts';

/** One node's storage, through several processes. */
export interface Machine {
  /** A store that nobody has opened yet, on what the former ones left. */
  store(): Store;
  /** Frees what the machine used. */
  remove(): Promise<void>;
}

export type MemberOpened = Extract<Found, { readonly kind: 'member' }>;

/** Builds machines and stores for one test, and takes all of them down after it. */
export class Rig {
  readonly #build: () => Promise<Machine>;
  readonly #machines: Machine[] = [];
  readonly #stores: Store[] = [];

  constructor(build: () => Promise<Machine>) {
    this.#build = build;
  }

  async machine(): Promise<Machine> {
    const machine = await this.#build();
    this.#machines.push(machine);
    return machine;
  }

  async open(machine: Machine): Promise<{ store: Store; found: Found }> {
    const store = machine.store();
    this.#stores.push(store);
    return { store, found: await openStore(store) };
  }

  /** A member with nothing in it. */
  async member(): Promise<{ machine: Machine; store: Store }> {
    const machine = await this.machine();
    const { store } = await this.open(machine);
    await asked((done) => store.form(genesis, done));
    return { machine, store };
  }

  /** A member with 10 entries of term 1 and a checkpoint at 6 with the rows a, b, c. */
  async used(): Promise<{ machine: Machine; store: Store; entries: ReturnType<typeof entriesAfter> }> {
    const { machine, store } = await this.member();
    const entries = entriesAfter(start, 10);
    await write(store, { hardState: { term: 1, votedFor: 'a/1' }, entries });
    await checkpoint(store, at(entries, 6), { a: '1', b: '2', c: '3' });
    return { machine, store, entries };
  }

  /** Closes the store and opens another; fails unless that one is a member. */
  async reopen(machine: Machine, store: Store): Promise<{ store: Store; found: MemberOpened }> {
    await asked<void>((done) => store.close(done));
    const next = await this.open(machine);
    if (next.found.kind !== 'member') throw new Error(`reopened as ${JSON.stringify(next.found)}`);
    return { store: next.store, found: next.found };
  }

  async takeDown(): Promise<void> {
    // A store may have been killed or refused by its test; what it answers no longer matters.
    for (const store of this.#stores.splice(0)) await asked<void>((done) => store.close(done)).catch(() => undefined);
    for (const machine of this.#machines.splice(0)) await machine.remove();
  }
}

/** The position of the entry at `index`. */
export function at(entries: ReturnType<typeof entriesAfter>, index: number): Position {
  const entry = entries.find((candidate) => candidate.index === index);
  if (entry === undefined) throw new Error(`no entry ${index}`);
  return positionOf(entry);
}
