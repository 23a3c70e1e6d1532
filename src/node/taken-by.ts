import type { Intervention, TableEvent, Taken } from '../table/index.ts';

/** What the holder is told of a hold that somebody ended or took over. */
export const takenBy = ({ name, token, reason }: TableEvent & { readonly kind: 'lost' }, by: Intervention): Taken => ({
  name,
  token,
  by,
  ...(reason === 'handed-over' ? { isHandedOver: true } : {}),
});
