import type { HoldName } from './command.ts';
import type { Claim } from './lock-row.ts';
import type { TableState } from './state.ts';

/** The hold of that name, whoever has it; undefined if it was released, lost or upgraded, or never was. */
export function currentHold(
  { locks, sessions, nobody }: Pick<TableState, 'locks' | 'sessions' | 'nobody'>,
  { name, token }: HoldName,
): Claim | undefined {
  const lock = locks.get(name);
  if (lock === undefined) return undefined;
  // A semaphore may have millions of holders; then each is found sooner by its session.
  if (lock.holders.length > sessions.size) {
    for (const { holds } of sessions.values()) {
      const hold = holds.get(token);
      if (hold !== undefined) return hold.lock === lock ? hold : undefined;
    }
    const hold = nobody.holds.get(token);
    return hold?.lock === lock ? hold : undefined;
  }
  for (const hold of lock.holders) if (hold.token === token) return hold;
  return undefined;
}
