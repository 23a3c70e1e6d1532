import { type Conditions, type Outcome, simulate } from './simulate.ts';
import { type FaultClass, faultClasses } from './swarm.ts';

/** The one command that runs `seed` again. */
export const replayCommand = (seed: number, without: readonly FaultClass[] = []): string =>
  `npm run sim -- --layer core --seed ${seed}${without.length > 0 ? ` --without ${without.join(',')}` : ''}`;

/** All that a person needs to begin with: what broke, under which conditions, after which events. */
export function report({ swarm, failure }: Outcome): string {
  if (failure === undefined) return `seed ${swarm.seed} holds`;
  return [
    ...failure.tail,
    '',
    ...failure.table,
    '',
    JSON.stringify(swarm),
    '',
    failure.error.stack ?? failure.error.message,
    '',
    `seed ${swarm.seed} breaks ${failure.rule}: ${failure.error.message}`,
    `again: ${replayCommand(swarm.seed)}`,
  ].join('\n');
}

/** The fault classes that `seed` can do without and still breaks the same rule; what is left over is to blame. */
export function narrow(seed: number, rule: string, conditions: Conditions = {}): readonly FaultClass[] {
  const without: FaultClass[] = [...(conditions.without ?? [])];
  for (const fault of faultClasses) {
    if (without.includes(fault)) continue;
    const { failure } = simulate(seed, { ...conditions, without: [...without, fault] });
    if (failure?.rule === rule) without.push(fault);
  }
  return without;
}
