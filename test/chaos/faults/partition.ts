import type { Inflicted, Scene } from './fault.ts';
import { rotated } from './victims.ts';

const shapes = [
  'isolate',
  'isolate-leader',
  'isolate-leader',
  'halves',
  'one-way',
  'flapping',
  'bridge',
  'resets',
  'refusals',
  'delay',
] as const;

type Shape = (typeof shapes)[number];

/** Cuts, bends or slows the network in one of many shapes, for some seconds; what was held then arrives late. */
export async function partition(scene: Scene): Promise<Inflicted> {
  const { cluster, journal, random } = scene;
  const { network } = cluster;
  const shape = random.pick(shapes.filter((one) => one !== 'delay' || network.canDelay));
  const before = await network.harm();
  journal.fault('partition', 'start', shape);
  await inflict(shape, scene);
  await network.heal();
  journal.fault('partition', 'stop', shape);
  return { what: `network: ${shape}`, acted: (await network.harm()) > before };
}

const seconds = ({ random }: Scene): number => random.logUniform(800, 4_000);

async function inflict(shape: Shape, scene: Scene): Promise<void> {
  const { cluster, random, rest } = scene;
  const { network } = cluster;
  const nodes = rotated(names(cluster.nodes), random.int(0, cluster.nodes.length - 1));
  const all = names(cluster.hosts);
  const [one = '', other = ''] = nodes;
  switch (shape) {
    case 'isolate':
      await network.part([one], without(all, [one]));
      return await rest(seconds(scene));
    case 'isolate-leader': {
      const leader = (await cluster.leader())?.name ?? one;
      // Its clients stay with it: whatever it tells them, it may not be what the others decide.
      await network.part([leader], without(nodes, [leader]));
      return await rest(seconds(scene));
    }
    case 'halves': {
      const minority = nodes.slice(0, Math.floor(nodes.length / 2));
      const [near] = names(cluster.clients);
      await network.part([...minority, near ?? one], without(all, [...minority, near ?? one]));
      return await rest(seconds(scene));
    }
    case 'one-way':
      await network.cut(one, without(random.chance(0.5) ? nodes : [one, other], [one]));
      return await rest(seconds(scene));
    case 'flapping':
      return await flap(scene, one);
    case 'bridge': {
      const left = nodes.slice(1, 1 + Math.floor(nodes.length / 2));
      await network.part(left, without(nodes, [one, ...left]));
      return await rest(seconds(scene));
    }
    case 'resets':
      return await storm(scene);
    case 'refusals':
      await network.refuse(network.ways.filter(() => random.chance(0.4)));
      return await rest(seconds(scene) / 2);
    case 'delay':
      for (const way of network.ways) {
        if (random.chance(0.7)) await network.delay(way, random.int(5, 150), random.int(0, 30));
      }
      return await rest(seconds(scene));
    default:
      shape satisfies never;
  }
}

/** A node comes and goes. */
async function flap({ cluster, random, rest }: Scene, one: string): Promise<void> {
  const all = names(cluster.hosts);
  for (let times = random.int(3, 6); times > 0; times -= 1) {
    await cluster.network.part([one], without(all, [one]));
    await rest(random.int(150, 900));
    await cluster.network.heal();
    await rest(random.int(100, 500));
  }
}

/** Connections break again and again. */
async function storm({ cluster, random, rest }: Scene): Promise<void> {
  const { network } = cluster;
  for (let times = random.int(5, 15); times > 0; times -= 1) {
    await network.reset(network.ways.filter(() => random.chance(0.5)));
    await rest(random.int(30, 200));
  }
}

const names = (hosts: readonly { readonly name: string }[]): readonly string[] => hosts.map(({ name }) => name);

const without = (all: readonly string[], some: readonly string[]): readonly string[] =>
  all.filter((name) => !some.includes(name));
