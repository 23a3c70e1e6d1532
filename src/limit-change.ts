import type { ErrandOutcome } from './errand.ts';
import { wrongType } from './errors.ts';
import { checkHold, type HoldReference } from './hold-reference.ts';
import { refusalOf } from './refusals.ts';
import type { SessionEngine } from './session-engine.ts';
import type { HoldName } from './table/index.ts';

/** What a call depends on that changes something for all. */
export interface GuardOptions {
  /** A hold that must be current when the change is made; anybody's, of any lock. Otherwise nothing is changed. */
  readonly guard?: HoldReference | undefined;
}

/** Sets how many permits a semaphore has; see `LockProvider.changeSemaphoreLimit`. */
export async function changeLimit(
  engine: SessionEngine,
  { name, limit }: { readonly name: string; readonly limit: number },
  options: GuardOptions = {},
): Promise<void> {
  const guard = checkGuardOptions(options);
  const request = { kind: 'limit', name, limit } as const;
  const wish = {
    asks: guard === undefined ? request : ({ kind: 'guarded', guard, request } as const),
    undone: `the limit of semaphore ${JSON.stringify(name)} was not changed`,
  };
  const outcome = await new Promise<ErrandOutcome>((resolve) => engine.run(wish, resolve));
  if (!outcome.ok) throw outcome.error;
  const parts = [{ name, mode: 'S', permits: 1, limit }] as const;
  if (outcome.answer.kind !== 'limit-changed') throw refusalOf({ name, parts, guard }, outcome.answer);
}

const checkGuardOptions = (options: GuardOptions): HoldName | undefined => {
  if (typeof options !== 'object' || options === null) throw wrongType('options must be an object');
  for (const key of Object.keys(options)) {
    if (key !== 'guard') throw wrongType(`unknown option ${JSON.stringify(key)}; a change of a limit takes guard`);
  }
  return options.guard === undefined ? undefined : checkHold(options.guard, 'guard');
};
