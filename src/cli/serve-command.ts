import { constants } from 'node:os';
import { destination, type Logger, type LoggerOptions, pino, stdTimeFunctions } from 'pino';
import { Holdfast } from '../index.ts';
import { codeOf, exitCodeFor, exitCodes, messageFor } from './exit-codes.ts';
import { complain } from './output.ts';
import type { ServeSettings } from './serve-settings.ts';

/**
 * How long a starting node waits for the others before it ends and leaves the rest to its supervisor: a node that is
 * the first to start after a power cut has nobody to talk to, and must not give up within seconds.
 */
const readyTimeoutMs = 3_600_000;

/** Bytes of log lines that wait for a slow reader of standard output; what comes then is dropped, not the node. */
const logBytesMax = 4 * 1024 * 1024;

/** Runs one node until a signal or a fault ends it, and answers the exit code. `json`: nothing is said to people. */
export async function serve(settings: ServeSettings, { json }: { readonly json: boolean }): Promise<number> {
  const output = destination({ fd: 1, sync: false, maxLength: logBytesMax });
  // A node outlives the reader of its log lines.
  output.on('error', () => undefined);
  const options: LoggerOptions = {
    level: settings.logLevel,
    base: { node: settings.nodeId },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (level) => ({ level }) },
  };
  const logger = pino(options, output);
  try {
    return await serving(settings, { logger, tellPeople: json ? () => undefined : complain });
  } finally {
    try {
      output.flushSync();
    } catch {
      // Nobody reads it any more.
    }
  }
}

interface Voices {
  /** JSON lines on standard output. */
  readonly logger: Logger;
  readonly tellPeople: (text: string) => void;
}

async function serving(settings: ServeSettings, voices: Voices): Promise<number> {
  const { logger, tellPeople } = voices;
  const signals = new StopSignals(logger);
  const { logLevel: _ours, checkpointEntries, keptEntries, keptEvents, ...forNode } = settings;
  const { nodeId } = settings;
  const opening = Holdfast.open({
    ...forNode,
    limits: { checkpointEntries, keptEntries, keptEvents },
    logger,
    readyTimeout: readyTimeoutMs,
  });
  const node = await Promise.race([opening, signals.first]).catch((error: unknown) => refused(error, settings, voices));
  if (typeof node === 'number') return node;
  // It has joined nobody yet, so there is nothing to hand over; its disk is as after any crash.
  if (node === undefined) return 0;
  logger.info({ status: node.status() }, `node ${nodeId} is ready`);
  const failure = await Promise.race([signals.first, node.whenFailed()]);
  if (failure !== undefined) {
    logger.fatal({ err: failure }, `node ${nodeId} has failed`);
    tellPeople(messageFor(failure));
    await node.close();
    return codeForNode(failure);
  }
  logger.info({}, `node ${nodeId} hands over and closes; a second signal ends it at once`);
  await node.close();
  logger.info({}, `node ${nodeId} is closed`);
  return 0;
}

/** The start was refused. */
function refused(error: unknown, settings: ServeSettings, { logger, tellPeople }: Voices): number {
  // A wrong option needs no stack trace: it is no fault of ours, and whoever typed it stands there.
  const context = codeOf(error) === 'INVALID_ARGUMENT' ? { reason: messageFor(error) } : { err: error };
  logger.fatal(context, `node ${settings.nodeId} cannot start`);
  tellPeople(messageFor(error));
  if (codeOf(error) === 'QUARANTINED') tellPeople(cure(settings));
  return codeForNode(error);
}

/** What fails beneath a node is its disk; a client's `BACKEND` is somebody else's. */
const codeForNode = (error: unknown): number => (codeOf(error) === 'BACKEND' ? exitCodes.dataDir : exitCodeFor(error));

const cure = ({ nodeId, dataDir }: ServeSettings): string =>
  `the rest of the cluster goes on without this node. To bring it back: holdfast wipe ${dataDir} --yes, start it again,
then holdfast replace ${nodeId} --endpoints <a node that serves>`;

/** SIGTERM and SIGINT: the first asks to close, the second to end now. */
class StopSignals {
  readonly first: Promise<undefined>;

  constructor(logger: Logger) {
    this.first = new Promise((resolve) => {
      let count = 0;
      const take = (signal: NodeJS.Signals): void => {
        count += 1;
        logger.info({ signal }, `got ${signal}`);
        if (count > 1) process.exit(128 + constants.signals[signal]);
        resolve(undefined);
      };
      process.on('SIGTERM', take);
      process.on('SIGINT', take);
    });
  }
}
