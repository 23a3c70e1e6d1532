import { type Berth, type Network, type Way, waysBetween } from '../network.ts';
import { Namespace, removeAll, sweep } from './namespace.ts';
import { answerRefusal, dialRefusal, muteness, silence } from './packet-rules.ts';
import { RuleTable } from './rule-table.ts';

/** Where nodes listen: each is alone in its namespace. */
const port = 7400;

/** Private, and known inside the namespaces only. */
const addressAt = (place: number): string => `10.213.77.${place + 1}`;

/** A process's place on the bridge. */
interface Station {
  readonly name: string;
  readonly address: string;
  readonly namespace: Namespace;
  /** Of what it sends itself. */
  readonly table: RuleTable;
}

/**
 * Every process in a network namespace of its own, with a TCP stack of its own, joined by a bridge in one more. Faults are
 * rules for packets; what they drop is lost, and it is up to TCP to send it again.
 */
export class NamespaceNetwork implements Network {
  readonly members: Readonly<Record<string, string>>;
  readonly ways: readonly Way[];
  readonly canDelay = false;
  readonly #bridge: Namespace;
  readonly #table: RuleTable;
  readonly #stations: ReadonlyMap<string, Station>;

  private constructor(nodes: readonly string[], bridge: Bridge, stations: readonly Station[]) {
    this.#bridge = bridge.namespace;
    this.#table = bridge.table;
    this.#stations = new Map(stations.map((station) => [station.name, station]));
    this.members = Object.fromEntries(nodes.map((id) => [id, `${this.#at(id).address}:${port}`]));
    const others = stations.map(({ name }) => name).filter((name) => !nodes.includes(name));
    this.ways = waysBetween(nodes, others);
  }

  /** `others` are processes that only dial. Needs what `missingForNamespaces` asks for. One at a time. */
  static async of(nodes: readonly string[], others: readonly string[]): Promise<NamespaceNetwork> {
    await sweep();
    try {
      const bridge = await raiseBridge();
      const stations: Station[] = [];
      // One after the other: they are few, and all of them change the same bridge.
      for (const name of [...nodes, ...others]) stations.push(await join(name, addressAt(stations.length), bridge));
      return new NamespaceNetwork(nodes, bridge, stations);
    } catch (error) {
      removeAll();
      throw error;
    }
  }

  berthOf(name: string): Berth {
    return { before: this.#at(name).namespace.before, detours: {}, insecure: true };
  }

  async cut(one: string, others: readonly string[]): Promise<void> {
    const from = this.#at(one).address;
    await this.#table.add(others.flatMap((other) => muteness({ from, to: this.#at(other).address })));
  }

  async part(ones: readonly string[], others: readonly string[]): Promise<void> {
    const pairs = ones.flatMap((one) =>
      others.map((other) => [this.#at(one).address, this.#at(other).address] as const),
    );
    await this.#table.add(pairs.flatMap(([a, b]) => [...silence({ from: a, to: b }), ...silence({ from: b, to: a })]));
  }

  /** Whatever is sent on these ways meets RST until the next storm, refusal or healing. */
  async reset(ways: readonly Way[]): Promise<void> {
    await this.refuse(ways);
  }

  async refuse(ways: readonly Way[]): Promise<void> {
    const addresses = ways.map(({ from, to }) => ({
      from,
      to,
      near: this.#at(from).address,
      far: this.#at(to).address,
    }));
    await this.#each(async ({ name, table }) => {
      const dialled = addresses.filter(({ from }) => from === name).map(({ far }) => dialRefusal(far, port));
      const answered = addresses.filter(({ to }) => to === name).map(({ near }) => answerRefusal(near, port));
      await table.stand([...dialled, ...answered]);
    });
  }

  async delay(): Promise<void> {
    throw new Error('this network cannot delay');
  }

  async harm(): Promise<number> {
    const hits = await Promise.all([this.#table, ...this.#tables].map((table) => table.hits()));
    return hits.reduce((sum, count) => sum + count, 0);
  }

  async heal(): Promise<void> {
    await Promise.all([this.#table, ...this.#tables].map((table) => table.stand([])));
  }

  async close(): Promise<void> {
    await this.#each(({ namespace }) => namespace.remove());
    await this.#bridge.remove();
  }

  get #tables(): readonly RuleTable[] {
    return [...this.#stations.values()].map(({ table }) => table);
  }

  async #each(act: (station: Station) => Promise<void>): Promise<void> {
    await Promise.all([...this.#stations.values()].map(act));
  }

  #at(name: string): Station {
    const station = this.#stations.get(name);
    if (station === undefined) throw new Error(`${name} has no place in the network`);
    return station;
  }
}

interface Bridge {
  readonly namespace: Namespace;
  /** Of what crosses the bridge. */
  readonly table: RuleTable;
}

async function raiseBridge(): Promise<Bridge> {
  const namespace = await Namespace.create('bridge');
  await namespace.ip('link add name bridge type bridge');
  await namespace.ip('link set dev bridge up');
  return { namespace, table: await RuleTable.in(namespace, 'bridge') };
}

async function join(name: string, address: string, bridge: Bridge): Promise<Station> {
  const namespace = await Namespace.create(name);
  await namespace.ip(`link add name eth0 type veth peer name to-${name} netns ${bridge.namespace.name}`);
  await namespace.ip(`address add ${address}/24 dev eth0`);
  await namespace.ip('link set dev eth0 up');
  await bridge.namespace.ip(`link set dev to-${name} master bridge up`);
  return { name, address, namespace, table: await RuleTable.in(namespace, 'process') };
}
