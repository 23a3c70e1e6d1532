import { type Berth, type Network, type Way, waysBetween } from './network.ts';
import { Link } from './proxy.ts';

interface LinkedWay extends Way {
  readonly link: Link;
}

/** Every way from a process to a node leads over loopback, through a proxy of its own. */
export class ProxyNetwork implements Network {
  readonly members: Readonly<Record<string, string>>;
  readonly canDelay = true;
  readonly #ways: readonly LinkedWay[];

  private constructor(members: Readonly<Record<string, string>>, ways: readonly LinkedWay[]) {
    this.members = members;
    this.#ways = ways;
  }

  /** `nodes`: the ports where they listen. `others` are processes that only dial. */
  static async of(nodes: Readonly<Record<string, number>>, others: readonly string[]): Promise<ProxyNetwork> {
    const members = Object.fromEntries(Object.entries(nodes).map(([id, port]) => [id, `127.0.0.1:${port}`]));
    const ways = waysBetween(Object.keys(nodes), others);
    const linked = ways.map(async (way) => ({ ...way, link: await Link.to(nodes[way.to] ?? 0) }));
    return new ProxyNetwork(members, await Promise.all(linked));
  }

  get ways(): readonly Way[] {
    return this.#ways;
  }

  berthOf(name: string): Berth {
    const own = this.#ways.filter(({ from }) => from === name);
    const detours = Object.fromEntries(own.map(({ to, link }) => [this.members[to] ?? '', link.port]));
    return { before: [], detours, insecure: false };
  }

  async cut(one: string, others: readonly string[]): Promise<void> {
    for (const { from, to, link } of this.#ways) {
      if (from === one && others.includes(to)) link.hold('up');
      if (to === one && others.includes(from)) link.hold('down');
    }
  }

  async part(ones: readonly string[], others: readonly string[]): Promise<void> {
    for (const one of ones) await this.cut(one, others);
    for (const other of others) await this.cut(other, ones);
  }

  /** New connections are let through at once. */
  async reset(ways: readonly Way[]): Promise<void> {
    for (const link of this.#linksOf(ways)) link.reset();
  }

  async refuse(ways: readonly Way[]): Promise<void> {
    for (const link of this.#linksOf(ways)) link.refuse();
  }

  async delay(way: Way, delayMs: number, jitterMs: number): Promise<void> {
    for (const link of this.#linksOf([way])) link.delay(delayMs, jitterMs);
  }

  async harm(): Promise<number> {
    return this.#ways.reduce((sum, { link }) => sum + link.harm, 0);
  }

  /** What was held arrives now. */
  async heal(): Promise<void> {
    for (const { link } of this.#ways) link.heal();
  }

  async close(): Promise<void> {
    await Promise.all(this.#ways.map(({ link }) => link.close()));
  }

  #linksOf(ways: readonly Way[]): readonly Link[] {
    const isMeant = ({ from, to }: Way): boolean => ways.some((way) => way.from === from && way.to === to);
    return this.#ways.filter(isMeant).map(({ link }) => link);
  }
}
