import {
  BackendError,
  DeadlockError,
  FencedError,
  KindMismatchError,
  LimitExceededError,
  type LockError,
  NotHeldError,
  QueueFullError,
  SemaphoreLimitError,
  SessionExpiredError,
} from './errors.ts';
import { kindOf } from './server/index.ts';
import type { Answer, CycleStep, HoldName, LockKind, Part } from './table/index.ts';

/** What somebody asked for; without parts the exclusive lock of that name. */
export interface Wanted {
  readonly name: string;
  readonly parts?: readonly Part[] | undefined;
  readonly guard?: HoldName | undefined;
  /** In words for errors; absent: the lock of that name. */
  readonly shown?: string | undefined;
}

/** The error for whoever asked for that and was answered so: a refusal, or what no such request is answered. */
export const refusalOf = (wanted: Wanted, answer: Answer): LockError => {
  const shown = wanted.shown ?? `lock ${JSON.stringify(wanted.name)}`;
  switch (answer.kind) {
    case 'limit-exceeded':
      return new LimitExceededError(`${shown}: at most ${answer.max} ${answer.limit} are allowed`);
    case 'session-expired':
      return new SessionExpiredError(`${shown}: the session had ended`);
    case 'kind-mismatch':
      return mismatchOf(wantedKind(wanted, answer.name), answer);
    case 'deadlock':
      return new DeadlockError(deadlockText(answer.cycle), { cycle: answer.cycle });
    case 'queue-full':
      return new QueueFullError(
        `${JSON.stringify(answer.name)} has waiters enough: this request goes behind fewer than ${answer.max} alone (maxQueueLength)`,
      );
    case 'semaphore-limit':
      return limitErrorOf(wanted, answer);
    case 'not-held':
      return new NotHeldError(
        `${shown} is not held under this ticket: it was released, lost, or attached since, or never was`,
      );
    case 'fenced':
      return fencedErrorOf(shown, wanted.guard, answer.highest);
    default:
      return new BackendError(`${shown}: the cluster answered ${answer.kind}`, { outcome: 'unknown' });
  }
};

const fencedErrorOf = (shown: string, { name, token }: HoldName = nobody, highest: number): LockError => {
  const guard = `${JSON.stringify(name)} with token ${token}`;
  if (highest === 0) return new FencedError(`${shown}: the hold that guards the call is over: ${guard}`, { token });
  const text = `${shown} was written under token ${highest}, above that of ${guard}`;
  return new FencedError(text, { token, highestSeen: highest });
};

const nobody: HoldName = { name: '', token: 0 };

const wantedKind = ({ parts = [] }: Wanted, name: string): LockKind =>
  kindOf(parts.find((part) => part.name === name)?.mode ?? 'X');

const mismatchOf = (wanted: LockKind, { name, is }: { readonly name: string; readonly is: LockKind }): LockError => {
  const text = `${JSON.stringify(name)} is in use as ${words[is]}, and cannot be ${words[wanted]} meanwhile`;
  return new KindMismatchError(text, { wanted, actual: is });
};

const limitErrorOf = (
  { parts = [] }: Wanted,
  { name, limit }: { readonly name: string; readonly limit: number },
): LockError => {
  const wanted = parts.find((part) => part.name === name)?.limit ?? 0;
  const text = `semaphore ${JSON.stringify(name)} has ${limit} permits in all, and not ${wanted}`;
  return new SemaphoreLimitError(`${text}; see changeSemaphoreLimit`, { wanted, actual: limit });
};

const deadlockText = (cycle: readonly CycleStep[]): string => {
  const waits = cycle.map(
    ({ owner, lock }) => `${owner === null ? 'somebody' : owner} waits for ${JSON.stringify(lock)}`,
  );
  if (cycle.length === 1) return `deadlock: ${waits[0]}, which it holds or awaits already`;
  return `deadlock: ${waits.join(', ')}, and so in a circle`;
};

const words: Readonly<Record<LockKind, string>> = {
  exclusive: 'an exclusive lock',
  'reader-writer': 'a reader-writer lock',
  semaphore: 'a semaphore',
};
