import type { Part } from './command.ts';
import { areSameOptions } from './hold-options.ts';
import type { Claim } from './lock-row.ts';
import type { AnyAsked } from './session.ts';

/** Whether this waiter, with all of its group, is what a request like that waits for. */
export function isAskedBy(waiter: Claim, asked: AnyAsked): boolean {
  const { terms, lock } = waiter;
  switch (asked.kind) {
    case 'acquire':
      return terms === undefined && lock.name === asked.name;
    case 'acquire-all': {
      const claims = terms?.group ?? [waiter];
      if (!areSameOptions(terms?.options, asked.options)) return false;
      return claims.length === asked.parts.length && claims.every((claim, at) => isOfPart(claim, asked.parts[at]));
    }
    case 'upgrade':
      return lock.name === asked.name && terms?.upgrades?.token === asked.token;
    case 'guarded':
      return isAskedBy(waiter, asked.request);
    default:
      return false;
  }
}

const isOfPart = ({ lock, mode, permits, terms }: Claim, part: Part | undefined): boolean =>
  part !== undefined &&
  terms?.upgrades === undefined &&
  lock.name === part.name &&
  mode === part.mode &&
  permits === part.permits &&
  (terms?.limit ?? 0) === part.limit;
