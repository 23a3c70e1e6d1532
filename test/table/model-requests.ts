import type { SessionRequest } from '../../src/table/index.ts';
import type { ModelAnswer } from './model-claims.ts';

/** The mark is no part of what is asked. */
export function isSame(first: ModelAnswer['command'], again: SessionRequest): boolean {
  if (first === undefined) return mayWait(again);
  return JSON.stringify(unmarked(first)) === JSON.stringify(unmarked(again));
}

const unmarked = (command: SessionRequest): unknown =>
  command.kind === 'guarded'
    ? { ...command, mark: 0, request: { ...command.request, mark: 0 } }
    : { ...command, mark: 0 };

export const mayWait = (command: SessionRequest): boolean =>
  ['acquire', 'acquire-all', 'upgrade', 'steal', 'take-over'].includes(
    command.kind === 'guarded' ? command.request.kind : command.kind,
  );
