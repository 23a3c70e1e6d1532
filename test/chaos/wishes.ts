import type { CallToWrite, PartToWrite, ResultToWrite } from '../linearizability/index.ts';
import type { LockNames } from './lock-names.ts';
import type { Answer, WantedPart } from './messages.ts';

/** What is asked for, of the locks of one group. */
export interface Wish {
  /** Whose name grows with what is done: that of the group. */
  readonly group: { readonly names: LockNames; readonly name: string };
  readonly parts: readonly WantedPart[];
  /** 0: one attempt. */
  readonly timeout: number | undefined;
  readonly isOwned?: boolean;
  readonly reenters?: boolean;
}

/** The exclusive lock of that name. */
export const exclusive = (name: string): WantedPart => ({ kind: 'exclusive', name });

/** One lock to read or write. */
export const readerWriter = (
  group: Wish['group'],
  mode: 'read' | 'upgradeable' | 'write',
  timeout: number | undefined,
): Wish => ({ group, parts: [{ kind: 'reader-writer', name: group.name, mode }], timeout });

/** How the history says it. */
export function callOf({ parts, timeout, isOwned, reenters }: Wish, client: string): CallToWrite {
  const asker = { client, ...(isOwned === true ? { owner: client } : {}) };
  const wait = timeout === undefined || timeout === 0 ? {} : { wait_ms: timeout };
  const [part, ...others] = parts.map(writtenPart);
  const isTry = timeout === 0;
  if (part === undefined || others.length > 0) {
    return { f: isTry ? 'tryAcquireAll' : 'acquireAll', ...asker, ...wait, parts: parts.map(writtenPart) };
  }
  return {
    ...{ f: isTry ? 'tryAcquire' : 'acquire', ...asker, ...wait, ...part },
    ...(reenters === true ? { reenters } : {}),
  };
}

function writtenPart(part: WantedPart): PartToWrite {
  const { name } = part;
  switch (part.kind) {
    case 'exclusive':
      return { name };
    case 'semaphore':
      return { name, permits: part.permits, limit: part.limit };
    case 'reader-writer':
      return { name, mode: part.mode === 'read' ? 'r' : part.mode === 'write' ? 'w' : 'u' };
    default:
      return part satisfies never;
  }
}

/** What an answer says for certain that is not a grant; undefined where it says nothing. */
export function refusalIn(answer: Answer | undefined): ResultToWrite | undefined {
  if (answer?.kind === 'busy') return { granted: false, reason: 'held' };
  if (answer?.kind !== 'error' || answer.outcome !== 'not-applied') return undefined;
  const { code, cycle, limit } = answer;
  if (code === 'TIMEOUT') return { granted: false, reason: 'timeout' };
  if (code === 'DEADLOCK' && cycle !== undefined) return { granted: false, reason: 'deadlock', cycle };
  if (code === 'SEMAPHORE_LIMIT' && limit !== undefined) return { granted: false, reason: 'wrong-limit', limit };
  return undefined;
}
