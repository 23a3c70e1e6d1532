import type { EndSession, ForceRelease, RequestRevoke, Steal, TakeOver } from '../../src/table/index.ts';
import type { Turn } from './world.ts';

const ann = { actor: 'ann', reason: 'it hangs' } as const;

export const forceRelease = ([session, sequence, mark = 0]: Turn, name: string, token?: number): ForceRelease => ({
  kind: 'force-release',
  session,
  sequence,
  mark,
  name,
  token,
  ...ann,
});

export const requestRevoke = ([session, sequence, mark = 0]: Turn, name: string, token?: number): RequestRevoke => ({
  kind: 'request-revoke',
  session,
  sequence,
  mark,
  name,
  token,
  ...ann,
});

export const endSession = ([session, sequence, mark = 0]: Turn, target: number): EndSession => ({
  kind: 'end-session',
  session,
  sequence,
  mark,
  target,
  ...ann,
});

export const steal = ([session, sequence, mark = 0]: Turn, name: string, mode: 'X' | 'W' = 'X'): Steal => ({
  kind: 'steal',
  session,
  sequence,
  mark,
  name,
  mode,
  ...ann,
});

export const takeOver = (
  [session, sequence, mark = 0]: Turn,
  { name, secret, token }: { readonly name: string; readonly secret: string; readonly token?: number | undefined },
): TakeOver => ({ kind: 'take-over', session, sequence, mark, name, secret, token });
