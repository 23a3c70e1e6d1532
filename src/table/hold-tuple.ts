import type { Command, TakeOver } from './command.ts';
import * as field from './fields.ts';
import { weakerField } from './modes.ts';
import { parseTurn } from './turn.ts';

/** These read commands about a hold, as `commandTuple` wrote them. Each throws a `FieldError` for anything else. */
export function parseUpgrade(tuple: readonly unknown[]): Command {
  const [, session, sequence, mark, name, token, waits] = field.tupleOf(tuple, 'an upgrade', 7);
  return {
    kind: 'upgrade',
    ...parseTurn([session, sequence, mark]),
    name: field.lockName(name, 'its name'),
    token: field.positive(token, 'its token'),
    waits: field.flag(waits, 'its waits'),
  };
}

export function parseDowngrade(tuple: readonly unknown[]): Command {
  const [, session, sequence, mark, name, token, to] = field.tupleOf(tuple, 'a downgrade', 7);
  return {
    kind: 'downgrade',
    ...parseTurn([session, sequence, mark]),
    name: field.lockName(name, 'its name'),
    token: field.positive(token, 'its token'),
    to: weakerField(to, 'its mode'),
  };
}

export function parseBegun(tuple: readonly unknown[]): Command {
  const [, session, sequence, mark, name, token] = field.tupleOf(tuple, 'a begun', 6);
  return {
    kind: 'begun',
    ...parseTurn([session, sequence, mark]),
    name: field.lockName(name, 'its name'),
    token: field.positive(token, 'its token'),
  };
}

export function parseProclaim(tuple: readonly unknown[]): Command {
  const [, session, sequence, mark, name, token, metadata] = field.tupleOf(tuple, 'a proclaim', 7);
  return {
    kind: 'proclaim',
    ...parseTurn([session, sequence, mark]),
    name: field.lockName(name, 'its name'),
    token: field.positive(token, 'its token'),
    metadata: field.metadata(metadata, 'its metadata'),
  };
}

export function parseTakeOver(tuple: readonly unknown[]): Command {
  const [, session, sequence, mark, ...cells] = field.tupleOf(tuple, 'a take-over', 7);
  return { kind: 'take-over', ...parseTurn([session, sequence, mark]), ...secretField(cells) };
}

/** Of which hold, by its secret. */
export const secretField = ([name, secret, token]: readonly unknown[]): Pick<
  TakeOver,
  'name' | 'secret' | 'token'
> => ({
  name: field.lockName(name, 'its name'),
  secret: field.nonce(secret, 'its secret'),
  token: token === null ? undefined : field.positive(token, 'its token'),
});
