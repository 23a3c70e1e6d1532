import * as field from './fields.ts';
import { FieldError } from './fields.ts';
import type { Loss, Session } from './session.ts';

/** A hold that was ended by force or taken over, as `rows.ts` wrote it behind its session. Throws a `FieldError` for anything else. */
export function lossField([session, token]: readonly [Session, number], cells: readonly unknown[]): Loss {
  const [name, asker, actor, reason, handedOver] = field.tupleOf(cells, 'it', cells.length === 5 ? 5 : 4);
  if (handedOver !== undefined && handedOver !== true) throw new FieldError('its last value is not true');
  return {
    session,
    name: field.lockName(name, 'its name'),
    token,
    by: {
      session: field.positive(asker, 'its asker'),
      actor: field.actor(actor, 'its actor'),
      reason: field.reason(reason, 'its reason'),
    },
    isHandedOver: handedOver === true,
    isPersisted: true,
  };
}
