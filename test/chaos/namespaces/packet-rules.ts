/** Where rules stand: on the bridge that all packets cross, or in a process's own namespace, on packets it sends. */
export type Post = 'bridge' | 'process';

const places = {
  bridge: { family: 'bridge', hook: 'forward' },
  process: { family: 'inet', hook: 'output' },
} as const;

const tableOf = (post: Post): string => `${places[post].family} holdfast`;

/** By the length of a TCP header in words, the shortest IPv4 packet that carries a byte; its IP header has no options. */
const ladenFrom = [5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15].map((words) => `${20 + words * 4 + 1}-65535 . ${words}`);

/** The table that rules go into. Its counter outlives them, so that what they hit can be asked for later. */
export function tableText(post: Post): string {
  return `table ${tableOf(post)} {
  counter hits { }
  set laden {
    typeof ip length . tcp doff
    flags interval
    elements = { ${ladenFrom.join(', ')} }
  }
  chain faults { type filter hook ${places[post].hook} priority 0; policy accept; }
}
`;
}

/** Puts these rules in the place of all others of the post, in one step. */
export function rulesText(post: Post, rules: readonly string[]): string {
  const chain = `${tableOf(post)} faults`;
  return [`flush chain ${chain}`, ...rules.map((rule) => `add rule ${chain} ${rule}`), ''].join('\n');
}

/** The words that list the counter of the post. */
export const counterWords = (post: Post): readonly string[] => ['list', 'counter', ...tableOf(post).split(' '), 'hits'];

/** Packets that the rules of the post have hit so far, from the list of its counter. */
export function hitsIn(listing: string): number {
  const packets = /packets (\d+)/.exec(listing)?.[1];
  if (packets === undefined) throw new Error(`expected a counter of packets, got ${JSON.stringify(listing)}`);
  return Number(packets);
}

interface Ends {
  readonly from: string;
  readonly to: string;
}

/** On the bridge: not one packet passes, in this direction. */
export const silence = ({ from, to }: Ends): readonly string[] => [
  `ip saddr ${from} ip daddr ${to} counter name hits drop`,
];

/**
 * On the bridge: no byte passes in this direction, and no beginning or end of a connection. Bare acknowledgements do, or
 * what flows the other way would stop, too, and the cut would not be one-way.
 */
export function muteness({ from, to }: Ends): readonly string[] {
  const between = `ip saddr ${from} ip daddr ${to}`;
  return [
    `${between} ip length . tcp doff @laden counter name hits drop`,
    `${between} tcp flags & (fin | syn | rst) != 0 counter name hits drop`,
  ];
}

/** In the namespace of who dials `to`: whatever it sends there is answered by RST. */
export const dialRefusal = (to: string, port: number): string =>
  `ip daddr ${to} tcp dport ${port} counter name hits reject with tcp reset`;

/** In the namespace of who listens: the same for what it sends to `from`, who dialled it. */
export const answerRefusal = (from: string, port: number): string =>
  `ip daddr ${from} tcp sport ${port} counter name hits reject with tcp reset`;
