import type { Intervention, TableEvent, Taken } from '../table/index.ts';
import type { Failure } from './gateway.ts';

/** What the holder is told of a hold that somebody ended or took over. */
export const takenBy = ({ name, token, reason }: TableEvent & { readonly kind: 'lost' }, by: Intervention): Taken => ({
  name,
  token,
  by,
  ...(reason === 'handed-over' ? { isHandedOver: true } : {}),
});

/** Why there is no session, by what the table says. */
export const openFailures: Readonly<Record<(TableEvent & { readonly kind: 'session-refused' })['reason'], Failure>> = {
  'limit-exceeded': { code: 'LIMIT_EXCEEDED', text: 'the cluster has as many sessions as its limit allows' },
  superseded: { code: 'SHUTTING_DOWN', text: 'a newer process of this node has started' },
  mismatch: { code: 'INVALID_ARGUMENT', text: 'a session was opened before under this nonce with other arguments' },
};
