import type { Operation } from './history.ts';
import { acquiresIn, partsOf, reenters, tokenOf } from './requests.ts';

/** How often what was asked for came to what, in words such as `upgrade granted`; with the kind of an acquire. */
export function outcomesIn(operations: readonly Operation[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  const entered = new Set<string>();
  for (const operation of operations) {
    const words = `${askedIn(operation)} ${cameTo(operation)}`;
    counts[words] = (counts[words] ?? 0) + 1;
  }
  for (const request of acquiresIn(operations)) {
    const token = tokenOf(request);
    if (token === undefined || !reenters(request)) continue;
    const hold = `${token} ${request.call.client}`;
    if (entered.has(hold)) counts['re-entry granted'] = (counts['re-entry granted'] ?? 0) + 1;
    entered.add(hold);
  }
  return counts;
}

function askedIn(operation: Operation): string {
  switch (operation.f) {
    case 'acquire':
    case 'tryAcquire': {
      const [part] = partsOf(operation);
      const mode = part?.limit === undefined ? part?.mode : 's';
      return `${operation.f} ${mode}${operation.call.owner === undefined ? '' : ' of an owner'}`;
    }
    case 'acquireAll':
    case 'tryAcquireAll':
      return `${operation.f}${operation.call.owner === undefined ? '' : ' of an owner'}`;
    case 'downgrade':
      return `downgrade to ${operation.call.to}`;
    default:
      return operation.f;
  }
}

function cameTo({ outcome }: Operation): string {
  if (outcome.kind !== 'ok') return outcome.kind === 'fail' ? 'failed' : 'unknown';
  const { result } = outcome;
  if ('granted' in result) return result.granted ? 'granted' : result.reason;
  if ('done' in result) return result.done ? 'done' : (result.reason ?? 'refused');
  return 'ok';
}
