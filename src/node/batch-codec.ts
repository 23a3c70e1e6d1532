import { Packr } from 'msgpackr';
import { type Command, parseCommand } from '../table/index.ts';

/** Raised when a batch's shape changes, and only once every voter is known to read the new one. */
const batchVersion = 1;

const packr = new Packr({ useRecords: false, variableMapSize: true });

/** The commands of one log entry, with the leader's wall clock when it took them. */
export interface Batch {
  readonly stamp: number;
  readonly commands: readonly Command[];
}

/** The payload of a `commands` entry: encoded once, the same bytes go to the disk and to every peer. */
export function encodeBatch(stamp: number, tuples: readonly (readonly unknown[])[]): Uint8Array {
  // The packed bytes are a view of a pool that later calls write to.
  return new Uint8Array(packr.pack([batchVersion, stamp, tuples]));
}

/** Throws on anything that the leader's validation would not have let in: the log is not what it should be. */
export function decodeBatch(payload: Uint8Array): Batch {
  const batch: unknown = packr.unpack(payload);
  if (!Array.isArray(batch) || batch.length !== 3) throw new BatchError('it is not a batch');
  const [version, stamp, tuples]: readonly unknown[] = batch;
  if (version !== batchVersion) {
    throw new BatchError(
      `its format is ${String(version)}, this version of holdfast reads ${batchVersion}: upgrade this node`,
    );
  }
  if (typeof stamp !== 'number' || !Number.isSafeInteger(stamp)) throw new BatchError('its stamp is no safe integer');
  if (!Array.isArray(tuples)) throw new BatchError('it holds no list of commands');
  return { stamp, commands: tuples.map(commandOf) };
}

function commandOf(tuple: unknown): Command {
  const command = parseCommand(tuple);
  if (command.kind === 'malformed') throw new BatchError(`a command in it is malformed: ${command.reason}`);
  return command;
}

/** A committed entry that cannot be executed. Skipping it would part this replica from the others. */
export class BatchError extends Error {
  override readonly name = 'BatchError';

  constructor(reason: string) {
    super(`a committed log entry cannot be executed: ${reason}`);
  }
}
