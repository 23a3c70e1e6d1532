import type { Command } from '../table/index.ts';
import type { Failure } from './gateway.ts';
import type { RuntimeOptions } from './options.ts';

/**
 * A log that cannot be written stops the node. Before that, whatever makes the table grow stays outside the log;
 * releases, expiries and everything else that makes room go on.
 */
export function isDiskLow({ store, limits }: RuntimeOptions): boolean {
  const free = store.bytesFree();
  return free !== undefined && free < limits.diskFreeBytesMin;
}

export const makesTableGrow = (command: Command): boolean => command.kind === 'acquire' || command.kind === 'open';

export const diskLow: Failure = {
  code: 'LIMIT_EXCEEDED',
  text: 'the disk of this node is almost full: free space on it; nothing new is locked until then',
};
