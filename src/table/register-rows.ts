import type { RowForm, RowTuple } from './changed-rows.ts';
import * as field from './fields.ts';
import { FieldError } from './fields.ts';
import { Register, type RegisterRows, type VersionFloor } from './registers.ts';

/** As in `rowLetters`. The row of the floor has nothing behind it, and so comes first. */
const registerLetter = 'q';

/** A key that sorts as the names do: each code unit as four hex digits, so that it is ASCII. */
export function nameKey(letter: string, name: string): string {
  let key = letter;
  for (let at = 0; at < name.length; at += 1) key += name.charCodeAt(at).toString(16).padStart(4, '0');
  return key;
}

/** The name in a key of `nameKey`, which is still to be checked. */
export function nameInKey(key: string): string {
  if (!/^.(?:[0-9a-f]{4})+$/.test(key)) throw new FieldError('its key is not well formed');
  let name = '';
  for (let at = 1; at < key.length; at += 4) name += String.fromCharCode(Number.parseInt(key.slice(at, at + 4), 16));
  return name;
}

export const registerForm: RowForm<Register> = {
  key: ({ name }) => nameKey(registerLetter, name),
  value: ({ value, version, token }) => [value, version, token],
};

export const floorForm: RowForm<VersionFloor> = {
  key: () => registerLetter,
  value: ({ version }) => [version],
};

/** In key order. */
export function* registerRows({ byName, floor }: RegisterRows): Generator<RowTuple, void> {
  if (floor.version > 0) yield { key: floorForm.key(floor), value: floorForm.value(floor) };
  const registers = [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const register of registers) yield { key: registerForm.key(register), value: registerForm.value(register) };
}

/** Reads one row back; `tokens` is how far the counter of tokens stands. */
export function restoreRegister(registers: RegisterRows, row: { key: string; value: unknown }, tokens: number): void {
  if (row.key === registerLetter) {
    const [version] = field.tupleOf(row.value, 'it', 1);
    registers.floor.version = field.positive(version, 'its version');
    registers.floor.isPersisted = true;
    return;
  }
  const name = field.lockName(nameInKey(row.key), 'its name');
  const [value, version, token] = field.tupleOf(row.value, 'it', 3);
  const register = new Register(name, {
    value: field.registerValue(value, 'its value'),
    version: field.positive(version, 'its version'),
    token: field.positive(token, 'its token'),
  });
  if (register.token > tokens) {
    throw new FieldError(`its token is ${register.token}, but the counter stands at ${tokens}`);
  }
  register.isPersisted = true;
  registers.byName.set(name, register);
  registers.bytes += register.bytes;
}
