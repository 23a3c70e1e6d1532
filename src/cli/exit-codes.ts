/** How `holdfast` ends when it is not with its command's own code, and not by a signal (128 + its number). */
export const exitCodes = {
  /** There was nothing to release or to close. */
  nothingDone: 1,
  /** Wrong flags, names, environment or configuration. */
  usage: 64,
  /** No node, or no quorum, could be reached in time. */
  unavailable: 69,
  /** A fault in Holdfast itself. */
  internal: 70,
  /** The data directory is in use, damaged, or somebody else's. */
  dataDir: 73,
  /** The lock was not acquired in time, or would have closed a circle of owners. */
  notInTime: 75,
  /** The lock was lost; the command was killed. */
  lost: 76,
  /** The command is there but cannot be executed. */
  notExecutable: 126,
  /** The command does not exist. */
  notFound: 127,
} as const;

/** Ends the program with a message for its user, and without a stack trace. */
export class CommandFailure extends Error {
  readonly exitCode: number;

  constructor(exitCode: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

export const usageFailure = (message: string): CommandFailure => new CommandFailure(exitCodes.usage, message);

const byErrorCode: ReadonlyMap<string, number> = new Map([
  ['INVALID_ARGUMENT', exitCodes.usage],
  ['INVALID_NAME', exitCodes.usage],
  ['KIND_MISMATCH', exitCodes.usage],
  ['SEMAPHORE_LIMIT', exitCodes.usage],
  ['TIMEOUT', exitCodes.notInTime],
  ['DEADLOCK', exitCodes.notInTime],
  ['QUEUE_FULL', exitCodes.notInTime],
  ['LOCK_LOST', exitCodes.lost],
  ['SESSION_EXPIRED', exitCodes.lost],
  ['CORRUPT_STORAGE', exitCodes.dataDir],
  ['DATA_DIR_IN_USE', exitCodes.dataDir],
  ['QUARANTINED', exitCodes.dataDir],
  ['CONNECTION', exitCodes.unavailable],
  ['NOT_READY', exitCodes.unavailable],
  ['OVERLOADED', exitCodes.unavailable],
  ['LIMIT_EXCEEDED', exitCodes.unavailable],
  ['SHUTTING_DOWN', exitCodes.unavailable],
  ['WRONG_CLUSTER', exitCodes.unavailable],
  ['EVENTS_LOST', exitCodes.unavailable],
  ['BACKEND', exitCodes.unavailable],
  ['EADDRINUSE', exitCodes.unavailable],
  ['EADDRNOTAVAIL', exitCodes.unavailable],
]);

/** The `code` of an error of ours or of Node's; undefined for anything else. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** What the program ends with after this error. */
export function exitCodeFor(error: unknown): number {
  if (error instanceof CommandFailure) return error.exitCode;
  return byErrorCode.get(codeOf(error) ?? '') ?? exitCodes.internal;
}

/** One line for the user; with a stack trace only where the fault is our own. */
export function messageFor(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (exitCodeFor(error) === exitCodes.internal) return error.stack ?? error.message;
  const cause = error.cause instanceof Error && !error.message.includes(error.cause.message) ? error.cause : undefined;
  return cause === undefined ? error.message : `${error.message} (${cause.message})`;
}
