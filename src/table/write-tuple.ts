import type { WriteRegister } from './command.ts';
import type { Scalar } from './command-tuple.ts';
import * as field from './fields.ts';
import { parseTurn } from './turn.ts';

/** What follows the kind. */
export const writeTuple = ({
  session,
  sequence,
  mark,
  register,
  value,
  expected,
}: WriteRegister): readonly Scalar[] => [session, sequence, mark, ...writeCells({ register, value, expected })];

/** What is written, in three values. */
export const writeCells = ({ register, value, expected }: Written): readonly Scalar[] => [
  register,
  value,
  expected ?? null,
];

type Written = Pick<WriteRegister, 'register' | 'value' | 'expected'>;

/** A write as it stands behind a guard. */
export function parseWrite(tuple: readonly unknown[]): WriteRegister {
  const [, session, sequence, mark, ...cells] = field.tupleOf(tuple, 'a write', 7);
  return { kind: 'write', ...parseTurn([session, sequence, mark]), ...parseWritten(cells) };
}

/** What `writeCells` made. */
export const parseWritten = ([register, value, expected]: readonly unknown[]): Written => ({
  register: field.lockName(register, 'its register'),
  value: value === null ? null : field.registerValue(value, 'its value'),
  expected: expected === null ? undefined : field.nonNegative(expected, 'its expected version'),
});
