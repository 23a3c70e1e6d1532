import { contended } from './contended.ts';
import { failover, holder, restart } from './failures.ts';
import { floor } from './floor.ts';
import { held } from './held.ts';
import { idle } from './idle.ts';
import { micro } from './micro.ts';
import { open } from './open.ts';
import { pairs } from './pairs.ts';
import { profile } from './profile.ts';
import type { Workload } from './round.ts';
import { soak } from './soak.ts';

/** In the order in which they run: those that kill come last. */
export const workloads: readonly Workload[] = [micro, idle, pairs, contended, open, held, holder, restart, failover];

/** Run only when they are named: one takes as long as it is told, the others say what a figure is made of. */
export const onlyByName: readonly Workload[] = [soak, profile, floor];
