import type { Scalar } from './command-tuple.ts';
import * as field from './fields.ts';
import { FieldError } from './fields.ts';
import type { EndSession, ForceRelease, RequestRevoke, Steal } from './operator-command.ts';

/** What operators ask, without its turn: as an answer's row remembers it. */
export type Order =
  | Pick<ForceRelease, 'kind' | 'name' | 'token' | 'actor' | 'reason'>
  | Pick<EndSession, 'kind' | 'target' | 'actor' | 'reason'>
  | Pick<RequestRevoke, 'kind' | 'name' | 'token' | 'actor' | 'reason'>
  | Pick<Steal, 'kind' | 'name' | 'mode' | 'actor' | 'reason'>;

/** Layout numbers, for ever: they stand in logs. */
const layout = { forceRelease: 20, endSession: 21, requestRevoke: 22, steal: 23 } as const;

/** Whether a tuple that begins with it is an operator's. */
export const isOrderLayout = (number: unknown): boolean =>
  typeof number === 'number' && number >= layout.forceRelease && number <= layout.steal;

/** Its layout number, and what it asks for: read back by `parseOrder`. */
export function orderCells(order: Order): readonly Scalar[] {
  const { actor, reason } = order;
  switch (order.kind) {
    case 'force-release':
      return [layout.forceRelease, order.name, order.token ?? null, actor, reason];
    case 'end-session':
      return [layout.endSession, order.target, actor, reason];
    case 'request-revoke':
      return [layout.requestRevoke, order.name, order.token ?? null, actor, reason];
    case 'steal':
      return [layout.steal, order.name, order.mode, actor, reason];
    default:
      return order satisfies never;
  }
}

/** Throws a `FieldError` for what `orderCells` did not write. */
export function parseOrder(cells: readonly unknown[]): Order {
  switch (cells[0]) {
    case layout.forceRelease: {
      const [, name, token, ...by] = field.tupleOf(cells, 'a force-release', 5);
      return { kind: 'force-release', ...holdField([name, token]), ...meddlingField(by) };
    }
    case layout.endSession: {
      const [, target, ...by] = field.tupleOf(cells, 'an end-session', 4);
      return { kind: 'end-session', target: field.positive(target, 'its target'), ...meddlingField(by) };
    }
    case layout.requestRevoke: {
      const [, name, token, ...by] = field.tupleOf(cells, 'a request-revoke', 5);
      return { kind: 'request-revoke', ...holdField([name, token]), ...meddlingField(by) };
    }
    case layout.steal: {
      const [, name, mode, ...by] = field.tupleOf(cells, 'a steal', 5);
      if (mode !== 'X' && mode !== 'W') {
        throw new FieldError(`its mode is ${field.shown(mode)}, expected "X" or "W"`);
      }
      return { kind: 'steal', name: field.lockName(name, 'its name'), mode, ...meddlingField(by) };
    }
    default:
      throw new FieldError(`an order is of kind ${field.shown(cells[0])}, expected 20 to 23`);
  }
}

/** Whether two ask for the same. */
export function isSameOrder(one: Order, other: Order): boolean {
  const others = orderCells(other);
  return orderCells(one).every((cell, at) => cell === others[at]);
}

const holdField = ([name, token]: readonly unknown[]): {
  readonly name: string;
  readonly token: number | undefined;
} => ({
  name: field.lockName(name, 'its name'),
  token: token === null ? undefined : field.positive(token, 'its token'),
});

const meddlingField = ([actor, reason]: readonly unknown[]): { readonly actor: string; readonly reason: string } => ({
  actor: field.actor(actor, 'its actor'),
  reason: field.reason(reason, 'its reason'),
});
