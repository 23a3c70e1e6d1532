import * as field from './fields.ts';
import { FieldError } from './fields.ts';

/** What every request of a session begins with. */
export interface Turn {
  readonly session: number;
  readonly sequence: number;
  readonly mark: number;
}

export function parseTurn([session, sequence, mark]: readonly [unknown, unknown, unknown]): Turn {
  const read = field.positive(session, 'its session');
  const turn = field.positive(sequence, 'its sequence');
  return { session: read, sequence: turn, mark: markBelow(turn, mark) };
}

export function markBelow(sequence: number, value: unknown): number {
  const mark = field.nonNegative(value, 'its mark');
  if (mark < sequence) return mark;
  throw new FieldError(`its mark is ${mark}, expected a sequence below its own, ${sequence}`);
}
