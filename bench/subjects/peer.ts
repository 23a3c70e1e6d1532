import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { AdapterSettings } from '../adapters/settings.ts';
import { nowMs, until } from '../clock.ts';
import { freePorts } from '../processes/free-ports.ts';
import { Server, type ServerCommand } from '../processes/server.ts';
import { Station } from '../processes/station.ts';
import { type Arena, holderTtlMs, type Place, type Subject } from './subject.ts';

/** Of clients that nobody kills: the default of Holdfast. */
const ttlMs = 10_000;

const clients = 3;

/** The way a service other than ours is started and used. */
export interface Peer {
  readonly name: string;
  readonly isReplicated: boolean;
  readonly places: readonly Place[];
  readonly widthMax?: number;
  readonly servers: number;
  /** Ports that each server needs; the first is for clients. */
  readonly portsEach: number;
  /** Why it cannot be started here, with what to install; undefined if it can. */
  missing(): string | undefined;
  /** Makes what servers need before their first start, and says how they are started; `ports` are those of all. */
  commands(folders: readonly string[], ports: readonly (readonly number[])[]): Promise<readonly ServerCommand[]>;
  /** A client beside the server at `at`. */
  adapter(client: { readonly ports: readonly number[]; readonly at: number; readonly ttlMs: number }): AdapterSettings;
  /** Whether killing its leader, or one of its equals, means anything. */
  readonly canLoseOne: boolean;
}

/** `peer` as something that is measured: its servers, and three processes that use it. */
export const peerSubject = (peer: Peer): Subject => ({
  name: peer.name,
  isReplicated: peer.isReplicated,
  places: peer.places,
  widthMax: peer.widthMax,
  missing: () => peer.missing(),
  start: (folder) => PeerArena.start(peer, folder),
});

class PeerArena implements Arena {
  readonly #peer: Peer;
  readonly #clientPorts: readonly number[];
  readonly #servers: Server[] = [];
  readonly #stations: Station[] = [];
  readonly #holders: Station[] = [];

  private constructor(peer: Peer, clientPorts: readonly number[]) {
    this.#peer = peer;
    this.#clientPorts = clientPorts;
  }

  static async start(peer: Peer, folder: string): Promise<PeerArena> {
    const all = await freePorts(peer.servers * peer.portsEach);
    const ports = Array.from({ length: peer.servers }, (_, at) =>
      all.slice(at * peer.portsEach, (at + 1) * peer.portsEach),
    );
    const folders = ports.map((_, at) => join(folder, `${at}`));
    for (const each of folders) await mkdir(each, { recursive: true });
    const arena = new PeerArena(
      peer,
      ports.map(([first = 0]) => first),
    );
    try {
      for (const command of await peer.commands(folders, ports)) arena.#servers.push(new Server(command));
      await Promise.all(arena.#servers.map((server, at) => server.listening(arena.#portOf(at))));
      for (let at = 0; at < clients; at += 1) arena.#stations.push(arena.#client(`${peer.name} client ${at}`, at));
      await Promise.all(arena.#stations.map((station) => station.ready()));
    } catch (error) {
      await arena.close();
      throw error;
    }
    return arena;
  }

  get stations(): readonly Station[] {
    return this.#stations.filter(({ isAlive }) => isAlive);
  }

  get three(): readonly Station[] {
    return this.#stations;
  }

  get pids(): readonly number[] {
    return [...this.#servers.map(({ pid }) => pid), ...this.#stations.map(({ pid }) => pid)];
  }

  async at(place: Place): Promise<Station> {
    const leader = await this.#leader();
    const found = this.#stations[place === 'leader' ? leader : (leader + 1) % clients];
    if (found === undefined) throw new Error(`${this.#peer.name} has no ${place}`);
    return found;
  }

  async holder(): Promise<Station> {
    const leader = await this.#leader();
    const holder = new Station('holder', this.#adapter(leader, holderTtlMs));
    this.#holders.push(holder);
    await holder.ready();
    return holder;
  }

  async killLeader(): Promise<number | undefined> {
    if (!this.#peer.canLoseOne) return undefined;
    const leader = await this.#leader();
    const killedAt = nowMs();
    await this.#servers[leader]?.kill();
    // Its own client may go on only by luck; whoever asks elsewhere is what is measured.
    await this.#stations[leader]?.kill();
    return killedAt;
  }

  async mend(): Promise<void> {
    for (const [at, server] of [...this.#servers.entries()]) {
      if (server.isAlive) continue;
      const again = new Server(server.command);
      this.#servers[at] = again;
      await again.listening(this.#portOf(at));
    }
    for (const [at, station] of [...this.#stations.entries()]) {
      if (!station.isAlive) this.#stations[at] = this.#client(station.name, at);
    }
    await Promise.all(this.#stations.map((station) => station.ready()));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#holders, ...this.#stations].map((station) => station.kill()));
    await Promise.all(this.#servers.map((server) => server.stop()));
  }

  /** The number of the server that leads, and of the client beside it. */
  #leader(): Promise<number> {
    return until(`${this.#peer.name} to have a leader`, async () => {
      // A client that has just lost its server fails for a while, by a breaker of its own.
      const views = await Promise.allSettled(this.#stations.map((station) => station.ask('status', {})));
      const found = views.findIndex((view) => view.status === 'fulfilled' && view.value.isLeader);
      return found >= 0 && { found };
    }).then(({ found }) => found);
  }

  #client(name: string, at: number): Station {
    return new Station(name, this.#adapter(at, ttlMs));
  }

  #adapter(at: number, ttl: number): AdapterSettings {
    return this.#peer.adapter({ ports: this.#clientPorts, at: at % this.#peer.servers, ttlMs: ttl });
  }

  #portOf(at: number): number {
    return this.#clientPorts[at] ?? 0;
  }
}
