import { namesIn, type Operation } from './history.ts';
import { cycleOf, requestsIn } from './requests.ts';

/** Locks that no search may look at apart, and all that was done to them. */
export interface Group {
  readonly names: readonly string[];
  /** In the order of their invocations. */
  readonly operations: readonly Operation[];
}

/**
 * The locks of a history in as many groups as can be. Locks are in one group that were asked for together, as they were
 * granted or refused at one moment, and those of one circle of owners. All others stand alone, so that the search for
 * each stays small.
 */
export function groupsIn(operations: readonly Operation[]): readonly Group[] {
  const heads = new Map<string, string>();
  const headOf = (name: string): string => {
    let head = name;
    for (let next = heads.get(head); next !== undefined && next !== head; next = heads.get(head)) head = next;
    return head;
  };
  const join = (names: readonly string[]): void => {
    const [first, ...others] = names.map(headOf);
    if (first === undefined) return;
    heads.set(first, first);
    for (const head of others) heads.set(head, first);
  };
  for (const operation of operations) join(namesIn(operation));
  for (const request of requestsIn(operations)) {
    join([...namesIn(request), ...(cycleOf(request) ?? []).map(({ lock }) => lock)]);
  }
  const groups = new Map<string, { readonly names: string[]; readonly operations: Operation[] }>();
  const groupOf = (name: string) => {
    const head = headOf(name);
    const known = groups.get(head) ?? { names: [], operations: [] };
    groups.set(head, known);
    return known;
  };
  for (const name of heads.keys()) groupOf(name).names.push(name);
  for (const operation of operations) {
    const [name] = namesIn(operation);
    if (name !== undefined) groupOf(name).operations.push(operation);
  }
  return [...groups.values()];
}
