import { contended } from './contended.ts';
import { failover, holder, restart } from './failures.ts';
import { open } from './open.ts';
import { pairs } from './pairs.ts';
import type { Workload } from './round.ts';

/** In the order in which they run: those that kill come last. */
export const workloads: readonly Workload[] = [pairs, contended, open, holder, restart, failover];
