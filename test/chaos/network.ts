import { Link } from './proxy.ts';

/** A process and a node, in the order of who dials whom. */
interface Way {
  readonly from: string;
  readonly to: string;
  readonly link: Link;
}

/** Every way from a process to a node, each through a link of its own. */
export class Network {
  readonly #ways: readonly Way[];

  private constructor(ways: readonly Way[]) {
    this.#ways = ways;
  }

  /** `nodes`: the ports where they listen. `others` are processes that only dial. */
  static async of(nodes: Readonly<Record<string, number>>, others: readonly string[]): Promise<Network> {
    const dialling = [...Object.keys(nodes), ...others];
    const pairs = dialling.flatMap((from) =>
      Object.entries(nodes).flatMap(([to, port]) => (from === to ? [] : [{ from, to, port }])),
    );
    return new Network(
      await Promise.all(pairs.map(async ({ from, to, port }) => ({ from, to, link: await Link.to(port) }))),
    );
  }

  /** Ports of the links of one process, by the node they lead to. */
  portsFrom(from: string): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#ways.filter((way) => way.from === from).map(({ to, link }) => [to, link.port]));
  }

  get links(): readonly Link[] {
    return this.#ways.map(({ link }) => link);
  }

  get harm(): number {
    return this.links.reduce((sum, link) => sum + link.harm, 0);
  }

  /** Nothing that `one` sends reaches `other`, whoever dialled. */
  cut(one: string, other: string): void {
    for (const { from, to, link } of this.#ways) {
      if (from === one && to === other) link.hold('up');
      if (from === other && to === one) link.hold('down');
    }
  }

  /** Neither hears the other. */
  part(ones: readonly string[], others: readonly string[]): void {
    for (const one of ones) {
      for (const other of others) {
        this.cut(one, other);
        this.cut(other, one);
      }
    }
  }

  heal(): void {
    for (const link of this.links) link.heal();
  }

  async close(): Promise<void> {
    await Promise.all(this.links.map((link) => link.close()));
  }
}
