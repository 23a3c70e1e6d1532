import { layout, parseOwned, parseUnowned } from './command-tuple.ts';
import * as field from './fields.ts';
import { FieldError } from './fields.ts';
import { exclusiveField, weakerField } from './modes.ts';
import { isOrderLayout, parseOrder } from './order-tuple.ts';
import { withdrawnLayout } from './rows.ts';
import type { Asked } from './session.ts';

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
    case layout.acquireAll: {
      const [, waits, ...rest] = cells;
      return { kind: 'acquire-all', waits: field.flag(waits, 'its waits'), ...parseUnowned(rest) };
    }
    case layout.acquireAllForOwner: {
      const [, waits, ...rest] = cells;
      return { kind: 'acquire-all', waits: field.flag(waits, 'its waits'), ...parseOwned(rest) };
    }
    case layout.upgrade: {
      const [, name, token, waits] = field.tupleOf(cells, what, 4);
      return { kind: 'upgrade', ...holdField([name, token]), waits: field.flag(waits, 'its waits') };
    }
    case layout.downgrade: {
      const [, name, token, to] = field.tupleOf(cells, what, 4);
      return { kind: 'downgrade', ...holdField([name, token]), to: weakerField(to, 'its mode') };
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
    default:
      if (isOrderLayout(cells[0])) return parseOrder(cells);
      throw new FieldError(`${what} is of kind ${field.shown(cells[0])}, expected 0, 5 to 12 or 20 to 23`);
  }
};

const holdField = ([name, token]: readonly unknown[]): { readonly name: string; readonly token: number } => ({
  name: field.lockName(name, 'its name'),
  token: field.positive(token, 'its token'),
});
