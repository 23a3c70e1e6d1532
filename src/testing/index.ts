export { randomOf } from './chance.ts';
export { NodeClock } from './node-clock.ts';
export { Stream } from './random.ts';
export {
  type SimulatedClient,
  SimulatedCluster,
  type SimulatedClusterOptions,
  simulatedTimings,
} from './simulated-cluster.ts';
export { VirtualTime } from './virtual-time.ts';
