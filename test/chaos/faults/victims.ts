import type { Host } from '../host.ts';
import type { Scene } from './fault.ts';

/** Whom a fault of processes hits. */
export interface Victims {
  /** Such as `the leader`. */
  readonly who: string;
  readonly hosts: readonly Host[];
}

const roles = ['the leader', 'the leader', 'a follower', 'a minority', 'a client', 'all nodes'] as const;

/** Draws a victim: leaders twice as often as others, because more depends on them. */
export async function victims({ cluster, random }: Scene): Promise<Victims> {
  const who = random.pick(roles);
  const { nodes, clients } = cluster;
  switch (who) {
    case 'the leader': {
      const leader = await cluster.leader();
      return leader === undefined ? { who: 'a node', hosts: [random.pick(nodes)] } : { who, hosts: [leader] };
    }
    case 'a follower': {
      const leader = await cluster.leader();
      return { who, hosts: [random.pick(nodes.filter((node) => node !== leader))] };
    }
    case 'a minority':
      return {
        who,
        hosts: rotated(nodes, random.int(0, nodes.length - 1)).slice(0, Math.floor((nodes.length - 1) / 2)),
      };
    case 'a client':
      return { who, hosts: [random.pick(clients)] };
    case 'all nodes':
      return { who, hosts: nodes };
    default:
      return who satisfies never;
  }
}

/** The same list, begun at another place. */
export const rotated = <T>(list: readonly T[], by: number): readonly T[] => [...list.slice(by), ...list.slice(0, by)];
