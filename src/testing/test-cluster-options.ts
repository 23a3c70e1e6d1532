import { z } from 'zod';
import { outOfRange, wrongType } from '../errors.ts';
import { type Logger, silentLogger } from '../logger.ts';
import { readOptions } from '../options-check.ts';
import { ttlMsMax, ttlMsMin } from '../server/index.ts';

/** What a test cluster is made of. An option that is not listed here is a TypeError. */
export interface TestClusterOptions {
  /** How many nodes, 1 to 9, named `a`, `b`, `c` and so on; or their ids. Default 3. */
  readonly nodes?: number | readonly string[] | undefined;
  /**
   * `virtual` (default): time stands still but for what `advance`, `settle` and `until` let pass; whatever needs no time,
   * such as a grant of a free lock, happens by itself. `real`: time passes as it does.
   */
  readonly time?: 'virtual' | 'real' | undefined;
  /** Decides every draw of the nodes, 0 to 2^32 - 1: in virtual time, equal tests have equal runs. Default 1. */
  readonly seed?: number | undefined;
  /** Of nodes and clients, milliseconds, 1,000 to 3,600,000. Default 10,000. */
  readonly sessionTtl?: number | undefined;
  /** Milliseconds that a message travels, 0 to 1,000. Above 0, nothing happens in virtual time without passing some. Default 0. */
  readonly networkDelay?: number | undefined;
  /** Any pino-shaped logger, for nodes and clients alike. Default: silence. */
  readonly logger?: Logger | undefined;
}

/** The options, complete and consistent. */
export interface TestClusterSettings {
  readonly nodeIds: readonly string[];
  readonly time: 'virtual' | 'real';
  readonly seed: number;
  readonly sessionTtl: number;
  readonly networkDelay: number;
  readonly logger: Logger;
}

const nodesMax = 9;

const schema = z.strictObject({
  nodes: z.unknown().optional(),
  time: z.enum(['virtual', 'real'], 'must be "virtual" or "real"').default('virtual'),
  seed: z.int().min(0).max(0xffff_ffff).default(1),
  sessionTtl: z.int().min(ttlMsMin).max(ttlMsMax).default(10_000),
  networkDelay: z.int().min(0).max(1_000).default(0),
  logger: z.unknown().optional(),
});

/** Throws a TypeError or RangeError that names the option, what was expected and what came. */
export const checkTestClusterOptions = (options: TestClusterOptions): TestClusterSettings => {
  const { nodes, logger, ...given } = readOptions(schema, options);
  return { ...given, nodeIds: nodeIdsOf(nodes ?? 3), logger: loggerOf(logger) };
};

/** A node id, and the name of a client's host: throws a TypeError for anything else. */
export const checkHostName = (name: unknown, what: string): string => {
  if (typeof name === 'string' && /^[A-Za-z0-9._-]{1,64}$/.test(name)) return name;
  throw wrongType(`${what} must be 1 to 64 characters of A-Z a-z 0-9 . _ -, got ${JSON.stringify(name)}`);
};

/** Milliseconds of a wait: throws a TypeError or RangeError. */
export const checkMs = (ms: unknown, what: string): number => {
  if (typeof ms !== 'number') throw wrongType(`${what} must be a number of milliseconds, not ${typeof ms}`);
  if (ms >= 0 && ms <= Number.MAX_SAFE_INTEGER) return ms;
  throw outOfRange(`${what} must be 0 to 2^53 - 1 milliseconds, not ${ms}`);
};

const nodeIdsOf = (nodes: unknown): readonly string[] => {
  if (typeof nodes === 'number') {
    if (!Number.isInteger(nodes) || nodes < 1 || nodes > nodesMax) {
      throw outOfRange(`nodes must be a whole number from 1 to ${nodesMax}, not ${nodes}`);
    }
    return [...'abcdefghi'].slice(0, nodes);
  }
  if (!Array.isArray(nodes)) throw wrongType('nodes must be a number, or an array of node ids');
  if (nodes.length < 1 || nodes.length > nodesMax) throw outOfRange(`nodes: 1 to ${nodesMax}, not ${nodes.length}`);
  const ids = nodes.map((id) => checkHostName(id, 'nodes: a node id'));
  const twice = ids.find((id, at) => ids.indexOf(id) !== at);
  if (twice !== undefined) throw wrongType(`nodes: ${twice} stands there twice`);
  return ids;
};

const loggerOf = (logger: unknown): Logger => {
  if (logger === undefined) return silentLogger;
  if (isLogger(logger)) return logger;
  throw wrongType('logger must have the methods debug, info, warn and error');
};

const isLogger = (value: unknown): value is Logger =>
  typeof value === 'object' &&
  value !== null &&
  ['debug', 'info', 'warn', 'error'].every((name) => typeof Reflect.get(value, name) === 'function');
