import { layout, parseWish } from './command-tuple.ts';
import * as field from './fields.ts';
import { FieldError } from './fields.ts';
import { secretField } from './hold-tuple.ts';
import { exclusiveField, weakerField } from './modes.ts';
import { isOrderLayout, parseOrder } from './order-tuple.ts';
import { withdrawnLayout } from './rows.ts';
import type { Asked, GuardedAsked, PlainAsked, WriteAsked } from './session.ts';
import { parseWritten } from './write-tuple.ts';

/** What was asked, as `rows.ts` wrote it. */
export const askedField: field.Field<Asked> = (value, what) => {
  const cells = field.tuple(value, what);
  switch (cells[0]) {
    case withdrawnLayout:
      field.tupleOf(cells, what, 1);
      return { kind: 'withdrawn' };
    case layout.acquire: {
      const [, name, mode, waits] = field.tupleOf(cells, what, 4);
      return {
        kind: 'acquire',
        name: field.lockName(name, 'its name'),
        mode: exclusiveField(mode, 'its mode'),
        waits: field.flag(waits, 'its waits'),
      };
    }
    case layout.acquireAll:
    case layout.acquireAllForOwner:
    case layout.acquireAllWithOptions: {
      const [kind, waits, ...rest] = cells;
      return { kind: 'acquire-all', waits: field.flag(waits, 'its waits'), ...parseWish(kind, rest) };
    }
    case layout.upgrade: {
      const [, name, token, waits] = field.tupleOf(cells, what, 4);
      return { kind: 'upgrade', ...holdField([name, token]), waits: field.flag(waits, 'its waits') };
    }
    case layout.downgrade: {
      const [, name, token, to] = field.tupleOf(cells, what, 4);
      return { kind: 'downgrade', ...holdField([name, token]), to: weakerField(to, 'its mode') };
    }
    case layout.begun: {
      const [, name, token] = field.tupleOf(cells, what, 3);
      return { kind: 'begun', ...holdField([name, token]) };
    }
    case layout.limit: {
      const [, name, limit] = field.tupleOf(cells, what, 3);
      return { kind: 'limit', name: field.lockName(name, 'its name'), limit: field.permits(limit, 'its limit') };
    }
    case layout.cancel: {
      const [, target] = field.tupleOf(cells, what, 2);
      return { kind: 'cancel', target: field.positive(target, 'its target') };
    }
    case layout.release: {
      const [, name, token] = field.tupleOf(cells, what, 3);
      return { kind: 'release', ...holdField([name, token]) };
    }
    case layout.proclaim: {
      const [, name, token, metadata] = field.tupleOf(cells, what, 4);
      return { kind: 'proclaim', ...holdField([name, token]), metadata: field.metadata(metadata, 'its metadata') };
    }
    case layout.takeOver: {
      const [, ...rest] = field.tupleOf(cells, what, 4);
      return { kind: 'take-over', ...secretField(rest) };
    }
    case layout.guarded:
      return guardedField(cells, what);
    default:
      if (isOrderLayout(cells[0])) return parseOrder(cells);
      throw new FieldError(`${what} is of kind ${field.shown(cells[0])}, which is no request's`);
  }
};

const guardedField: field.Field<GuardedAsked> = (value, what) => {
  const [, name, token, ...cells] = field.tuple(value, what);
  const guard = holdField([name, token]);
  return {
    kind: 'guarded',
    guard,
    request: cells[0] === layout.write ? writeField(cells, what) : plainField(cells, what),
  };
};

const writeField: field.Field<WriteAsked> = (value, what) => {
  const [, ...cells] = field.tupleOf(value, what, 4);
  return { kind: 'write', ...parseWritten(cells) };
};

const plainField: field.Field<PlainAsked> = (value, what) => {
  const asked = askedField(value, what);
  if (asked.kind === 'guarded' || asked.kind === 'withdrawn') {
    throw new FieldError(`${what} is ${asked.kind} behind a guard, expected what a session asks`);
  }
  return asked;
};

const holdField = ([name, token]: readonly unknown[]): { readonly name: string; readonly token: number } => ({
  name: field.lockName(name, 'its name'),
  token: field.positive(token, 'its token'),
});
