import type { Host } from '../host.ts';
import type { Orders } from '../shim.ts';
import type { Inflicted, Scene } from './fault.ts';

const troubles = ['slow', 'hang', 'fail-once', 'full'] as const;

/** How long a node with a failing disk may go on before it notices: it writes whenever anybody works. */
const noticeMs = 3_000;

const lookMs = 50;

/** Makes the disk of one node slow, stuck, broken or full. A node that had to stop is started again on a sound disk. */
export async function disk(scene: Scene): Promise<Inflicted> {
  const { cluster, random, journal } = scene;
  const host = (random.chance(0.5) ? await cluster.leader() : undefined) ?? random.pick(cluster.nodes);
  const { orders } = host;
  if (orders === undefined) return { what: 'disk: no shim', acted: false };
  const trouble = random.pick(troubles);
  const before = orders.diskHits;
  journal.fault('disk', 'start', host.name);
  await inflict(trouble, scene, { host, orders });
  const acted = orders.diskHits > before;
  await recover(scene, host, orders);
  journal.fault('disk', 'stop', host.name);
  return { what: `disk: ${trouble}`, acted };
}

async function inflict(
  trouble: (typeof troubles)[number],
  scene: Scene,
  { host, orders }: { readonly host: Host; readonly orders: Orders },
): Promise<void> {
  const { random, rest } = scene;
  switch (trouble) {
    case 'slow':
      orders.slowSyncs(random.int(50, 700));
      return await rest(random.logUniform(500, 3_000));
    case 'hang':
      orders.hangSyncs();
      return await rest(random.logUniform(500, 4_000));
    case 'fail-once':
      return await untilItStops(scene, host, () => orders.failOneSync());
    case 'full':
      return await untilItStops(scene, host, () => orders.fillDisk());
    default:
      trouble satisfies never;
  }
}

async function untilItStops({ rest }: Scene, host: Host, order: () => void): Promise<void> {
  host.mayFail = true;
  order();
  for (let waited = 0; waited < noticeMs && !host.hasFailed; waited += lookMs) await rest(lookMs);
}

/** A node that was to fail gets a new process: it may be about to notice. */
async function recover({ random, rest }: Scene, host: Host, orders: Orders): Promise<void> {
  if (!host.mayFail) return orders.healDisk();
  await rest(random.int(0, 1_000));
  await host.kill();
  orders.healDisk();
  host.start();
}
