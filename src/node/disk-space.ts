import { askedFor, type Command } from '../table/index.ts';
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

interface DiskWatchWorld {
  readonly options: RuntimeOptions;
  /** Makes room for a leader with room, if there is one. */
  readonly handOver: () => void;
}

/** Notices when the disk becomes low and when there is room again, and says each once. */
export class DiskWatch {
  readonly #world: DiskWatchWorld;
  #isLow = false;

  constructor(world: DiskWatchWorld) {
    this.#world = world;
  }

  /** Once per heartbeat interval. */
  look(): void {
    const { options, handOver } = this.#world;
    const isLow = isDiskLow(options);
    if (isLow === this.#isLow) return;
    this.#isLow = isLow;
    const context = { freeBytes: options.store.bytesFree(), neededBytes: options.limits.diskFreeBytesMin };
    if (!isLow) return options.logger.info(context, 'the disk has room again');
    options.logger.warn(
      context,
      'the disk is almost full: no new locks and sessions through this node until it has room',
    );
    // Once only: if the disks of all are full, leadership must not go round in circles.
    handOver();
  }
}

export function makesTableGrow(command: Command): boolean {
  const asked = askedFor(command);
  switch (asked.kind) {
    case 'acquire':
    case 'acquire-all':
    case 'steal':
    case 'limit':
    case 'open':
      return true;
    case 'write':
      return asked.value !== null;
    default:
      return false;
  }
}

export const diskLow: Failure = {
  code: 'LIMIT_EXCEEDED',
  text: 'the disk of this node is almost full: free space on it; nothing new is locked until then',
};
