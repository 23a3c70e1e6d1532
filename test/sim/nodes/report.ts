import { type NodeFault, type NodeNarrowing, nodeFaults } from './conditions.ts';
import { type NodeOutcome, simulateNodes } from './simulate.ts';

/** The one command that runs `seed` again, as narrowly as said. */
export function replayNodes(seed: number, { without = [], safetyMs, clients }: NodeNarrowing = {}): string {
  const words = [
    ...(without.length > 0 ? ['--without', without.join(',')] : []),
    ...(safetyMs === undefined ? [] : ['--safety-ms', `${safetyMs}`]),
    ...(clients === undefined ? [] : ['--clients', `${clients}`]),
  ];
  return ['npm run sim -- --layer nodes --seed', `${seed}`, ...words].join(' ');
}

/** All that a person needs to begin with: what broke, under which conditions, after which events. */
export function reportNodes({ conditions, failure }: NodeOutcome): string {
  const { seed } = conditions;
  if (failure === undefined) return `seed ${seed} holds`;
  return [
    ...failure.tail,
    '',
    ...failure.table,
    '',
    JSON.stringify(conditions),
    '',
    failure.error.stack ?? failure.error.message,
    '',
    `seed ${seed} of whole nodes breaks ${failure.rule}: ${failure.error.message}`,
    `again: ${replayNodes(seed)}`,
  ].join('\n');
}

/**
 * Less of the same: the fault classes, the clients and the time that `seed` can do without and still breaks the same
 * rule. What is left over is to blame.
 */
export function shrinkNodes(seed: number, rule: string): NodeNarrowing {
  const fails = (narrowing: NodeNarrowing): boolean => simulateNodes(seed, narrowing).failure?.rule === rule;
  const without: NodeFault[] = [];
  for (const fault of nodeFaults) if (fails({ without: [...without, fault] })) without.push(fault);
  let smallest: NodeNarrowing = { without };
  if (fails({ ...smallest, clients: 0 })) smallest = { ...smallest, clients: 0 };
  const { conditions } = simulateNodes(seed, smallest);
  for (let ms = Math.floor(conditions.safetyMs / 2); ms >= 50; ms = Math.floor(ms / 2)) {
    const shorter = { ...smallest, safetyMs: ms };
    if (!fails(shorter)) break;
    smallest = shorter;
  }
  return smallest;
}
