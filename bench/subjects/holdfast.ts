import { join } from 'node:path';
import type { HoldfastNodeSettings } from '../adapters/settings.ts';
import { nowMs, until } from '../clock.ts';
import { freePorts } from '../processes/free-ports.ts';
import { Station } from '../processes/station.ts';
import { type Arena, holderTtlMs, type Place, type Subject } from './subject.ts';

const nodeIds = ['a', 'b', 'c'] as const;

/** A node this close to the leader's log has caught up. */
const lagMax = 1_000;

/** A snapshot of a million locks takes its time. */
const catchUpPatienceMs = 180_000;

/** What differs from the defaults. */
export interface HoldfastChoice {
  readonly limits?: HoldfastNodeSettings['limits'];
  /** Sessions of the remote client; one may hold 10,000 locks. */
  readonly remoteSessions?: number;
}

/** Three processes, each with an embedded node of the revision built at `root`, and one with a remote client. */
export const holdfast = (name: string, root: string): Subject => ({
  name,
  root,
  isReplicated: true,
  places: ['leader', 'follower', 'remote'],
  start: (folder) => HoldfastArena.start(root, folder),
  startWith: (folder, choice) => HoldfastArena.start(root, folder, choice),
});

export class HoldfastArena implements Arena {
  readonly #root: string;
  readonly #folder: string;
  readonly #members: Readonly<Record<string, string>>;
  readonly #choice: HoldfastChoice;
  readonly #nodes: Map<string, Station> = new Map();
  readonly #holders: Station[] = [];
  #remote: Station | undefined;

  private constructor(
    parts: { readonly root: string; readonly folder: string; readonly members: Readonly<Record<string, string>> },
    choice: HoldfastChoice,
  ) {
    this.#root = parts.root;
    this.#folder = parts.folder;
    this.#members = parts.members;
    this.#choice = choice;
  }

  static async start(root: string, folder: string, choice: HoldfastChoice = {}): Promise<HoldfastArena> {
    const ports = await freePorts(nodeIds.length);
    const members = Object.fromEntries(nodeIds.map((id, at) => [id, `127.0.0.1:${ports[at]}`]));
    const arena = new HoldfastArena({ root, folder, members }, choice);
    try {
      for (const id of nodeIds) arena.startNode(id);
      await Promise.all(arena.three.map((station) => station.ready()));
      arena.#remote = arena.#client('remote', { ttlMs: 10_000, sessions: choice.remoteSessions ?? 1 });
      await arena.#remote.ready();
    } catch (error) {
      await arena.close();
      throw error;
    }
    return arena;
  }

  get three(): readonly Station[] {
    return [...this.#nodes.values()];
  }

  get stations(): readonly Station[] {
    return [...this.three, ...(this.#remote === undefined ? [] : [this.#remote])];
  }

  get pids(): readonly number[] {
    return this.stations.map(({ pid }) => pid);
  }

  async at(place: Place): Promise<Station> {
    if (place === 'remote') return known(this.#remote);
    const leader = await this.leader();
    return place === 'leader' ? leader : known(this.three.find((station) => station !== leader && station.isAlive));
  }

  /** The node that leads, once another one follows it. */
  async leader(): Promise<Station> {
    return await until('a leader', async () => {
      const living = this.three.filter(({ isAlive }) => isAlive);
      const views = await Promise.all(living.map((station) => station.ask('status', {})));
      const leads = living.find((_, at) => views[at]?.isLeader === true);
      const followers = views.filter(({ isLeader, leader }) => !isLeader && leader === leads?.name);
      return followers.length > 0 && leads;
    });
  }

  async holder(): Promise<Station> {
    const holder = this.#client('holder', { ttlMs: holderTtlMs, sessions: 1 });
    this.#holders.push(holder);
    await holder.ready();
    return holder;
  }

  async killLeader(): Promise<number> {
    const leader = await this.leader();
    const killedAt = nowMs();
    await leader.kill();
    return killedAt;
  }

  async mend(): Promise<void> {
    for (const [id, station] of [...this.#nodes]) {
      if (station.isAlive) continue;
      await this.startNode(id).ready();
      await this.caughtUp(id);
    }
  }

  /** Starts a node, again if it was there before. */
  startNode(id: string): Station {
    const settings: HoldfastNodeSettings = {
      kind: 'holdfast-node',
      root: this.#root,
      nodeId: id,
      members: this.#members,
      dataDir: this.dataDirOf(id),
      limits: this.#choice.limits,
    };
    const station = new Station(id, settings);
    this.#nodes.set(id, station);
    return station;
  }

  dataDirOf(id: string): string {
    return join(this.#folder, id);
  }

  /** Waits until `id` has applied the log up to `index`, or is close to the leader's end. */
  async caughtUp(id: string, index?: number): Promise<void> {
    const station = known(this.#nodes.get(id));
    const hasCaughtUp = async (): Promise<boolean> => {
      const { appliedIndex = 0 } = await station.ask('status', {});
      if (index !== undefined) return appliedIndex >= index;
      const leader = await (await this.leader()).ask('status', {});
      return appliedIndex + lagMax > (leader.commitIndex ?? Number.POSITIVE_INFINITY);
    };
    await until(`${id} to catch up`, hasCaughtUp, catchUpPatienceMs);
  }

  /** The same cluster without what was killed: load can only be ordered from the living. */
  get living(): Arena {
    const alive = this.stations.filter(({ isAlive }) => isAlive);
    return {
      ...{ stations: alive, three: this.three.filter(({ isAlive }) => isAlive), pids: alive.map(({ pid }) => pid) },
      at: (place) => this.at(place),
      holder: () => this.holder(),
      killLeader: () => this.killLeader(),
      mend: () => this.mend(),
      close: () => this.close(),
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.#holders.map((holder) => holder.kill()));
    await this.#remote?.stop();
    await Promise.all(this.three.map((station) => station.stop()));
  }

  #client(name: string, { ttlMs, sessions }: { readonly ttlMs: number; readonly sessions: number }): Station {
    const endpoints = Object.values(this.#members);
    return new Station(name, { kind: 'holdfast-client', root: this.#root, endpoints, sessionTtlMs: ttlMs, sessions });
  }
}

function known(station: Station | undefined): Station {
  if (station === undefined) throw new Error('this station was not started');
  return station;
}
