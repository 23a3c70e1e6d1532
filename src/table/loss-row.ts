import * as field from './fields.ts';
import type { Loss, Session } from './session.ts';

/** A hold that was ended by force, as `rows.ts` wrote it behind its session. Throws a `FieldError` for anything else. */
export function lossField([session, token]: readonly [Session, number], cells: readonly unknown[]): Loss {
  const [name, asker, actor, reason] = field.tupleOf(cells, 'it', 4);
  return {
    session,
    name: field.lockName(name, 'its name'),
    token,
    by: {
      session: field.positive(asker, 'its asker'),
      actor: field.actor(actor, 'its actor'),
      reason: field.reason(reason, 'its reason'),
    },
    isPersisted: true,
  };
}
