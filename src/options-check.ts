import { z } from 'zod';
import { outOfRange, wrongType } from './errors.ts';
import { type Logger, silentLogger } from './logger.ts';
import { defaultNodeLimits, type NodeLimits, type Timings } from './node/index.ts';
import type { ConnectOptions, HoldfastOptions } from './options.ts';
import { ttlMsMax, ttlMsMin, validateText } from './server/index.ts';
import { type Address, formatAddress, isLoopback, parseAddress, TransportError } from './transport/index.ts';

/** Options of a node, complete and consistent. */
export interface NodeSettings {
  readonly nodeId: string;
  readonly dataDir: string;
  readonly listen: Address | undefined;
  /** Absent: as `listen`, once its port is known; nowhere if there is none. */
  readonly advertise: string | undefined;
  readonly members: Readonly<Record<string, string>> | undefined;
  readonly sessionTtl: number;
  readonly timings: Timings;
  readonly readyTimeout: number;
  readonly closeTimeout: number;
  readonly logger: Logger;
  readonly insecure: boolean;
  readonly healthListen: Address | undefined;
  readonly journal: string | undefined;
  readonly limits: NodeLimits;
}

/** Options of a client, complete and consistent. */
export interface ClientSettings {
  readonly endpoints: readonly string[];
  readonly sessionTtl: number;
  readonly label: string;
  readonly readyTimeout: number;
  readonly closeTimeout: number;
  readonly clusterId: string | undefined;
  readonly requireLeader: boolean;
  readonly logger: Logger;
  readonly insecure: boolean;
}

const whole = (min: number, max: number) => z.int().min(min).max(max);
const ttl = whole(ttlMsMin, ttlMsMax).default(10_000);
const nodeId = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, 'must be 1 to 64 characters of A-Z a-z 0-9 . _ -');
const clusterMembersMax = 9;
const endpointsMax = 64;
const labelBytesMax = 128;

const logger = z
  .custom<Logger>(isLogger, 'must have the methods debug, info, warn and error')
  .default(() => silentLogger);

const limits = z.strictObject({
  openRequests: whole(1, 1_000_000).optional(),
  freeDiskBytes: whole(0, Number.MAX_SAFE_INTEGER).optional(),
  checkpointEntries: whole(16, 1_000_000).optional(),
  keptEntries: whole(0, 1_000_000).optional(),
  keptEvents: whole(1_024, 1_000_000).optional(),
});

const nodeOptions = z.strictObject({
  dataDir: z.string().min(1, 'must name a directory'),
  nodeId: nodeId.default('node'),
  listen: z.string().optional(),
  advertise: z.string().optional(),
  members: z.record(z.string(), z.string()).optional(),
  sessionTtl: ttl,
  heartbeatInterval: whole(10, 60_000).default(100),
  electionTimeout: whole(50, 600_000).default(1_000),
  readyTimeout: whole(1, 3_600_000).default(30_000),
  closeTimeout: whole(0, 600_000).default(5_000),
  diskStallTimeout: whole(10, 600_000).optional(),
  logger,
  insecure: z.boolean().default(false),
  healthListen: z.string().optional(),
  journal: z.string().min(1, 'must name a file').optional(),
  limits: limits.optional(),
});

const clientOptions = z.strictObject({
  endpoints: z
    .array(z.string())
    .min(1, 'must name at least one node')
    .max(endpointsMax, `must name at most ${endpointsMax} nodes`),
  sessionTtl: ttl,
  label: z.string().default('client'),
  readyTimeout: whole(1, 3_600_000).default(30_000),
  closeTimeout: whole(0, 600_000).default(5_000),
  clusterId: z.string().min(1, 'must not be empty').max(64, 'must have at most 64 characters').optional(),
  requireLeader: z.boolean().default(true),
  logger,
  insecure: z.boolean().default(false),
});

/** Throws a TypeError or RangeError that names the option, what was expected and what came. */
export const checkNodeOptions = (options: HoldfastOptions): NodeSettings => {
  const given = readOptions(nodeOptions, options);
  const timings = {
    heartbeatInterval: given.heartbeatInterval,
    electionTimeout: given.electionTimeout,
    diskStallTimeout: given.diskStallTimeout ?? given.electionTimeout,
  };
  if (timings.electionTimeout < 5 * timings.heartbeatInterval) {
    const { electionTimeout, heartbeatInterval } = timings;
    throw outOfRange(
      `electionTimeout (${electionTimeout}) must be at least 5 times heartbeatInterval (${heartbeatInterval})`,
    );
  }
  const { insecure } = given;
  const members = given.members === undefined ? undefined : checkMembers(given.members, given.nodeId);
  const listen = given.listen === undefined ? undefined : checkAddress(given.listen, { what: 'listen', insecure });
  const isAlone = members === undefined || Object.keys(members).length === 1;
  if (listen === undefined && !isAlone) throw wrongType('listen is needed when there is more than one member');
  if (listen?.port === 0 && !isAlone) throw wrongType('listen: port 0 is for a single node only');
  const healthListen =
    given.healthListen === undefined
      ? undefined
      : checkAddress(given.healthListen, { what: 'healthListen', insecure: true });
  return {
    ...given,
    timings,
    listen,
    members,
    healthListen,
    journal: given.journal,
    advertise: advertised(given.advertise, listen, members?.[given.nodeId]),
    limits: nodeLimits(given.limits ?? {}),
  };
};

/** Throws a TypeError or RangeError that names the option, what was expected and what came. */
export const checkClientOptions = (options: ConnectOptions): ClientSettings => {
  const given = readOptions(clientOptions, options);
  const endpoints = given.endpoints.map((endpoint) => {
    const address = checkAddress(endpoint, { what: 'endpoints', insecure: given.insecure });
    if (address.port === 0) throw outOfRange(`endpoints: ${endpoint} has port 0, where nobody can listen`);
    return formatAddress(address);
  });
  const twice = endpoints.find((endpoint, at) => endpoints.indexOf(endpoint) !== at);
  if (twice !== undefined) throw wrongType(`endpoints: ${twice} stands there twice`);
  const badLabel = validateText(given.label, labelBytesMax);
  if (badLabel !== undefined) throw wrongType(`label is ${badLabel}`);
  return { ...given, endpoints, clusterId: given.clusterId };
};

/** Zod's first complaint, as the error that the caller of a library expects. */
export const readOptions = <T extends z.ZodType>(schema: T, options: unknown): z.infer<T> => {
  const result = schema.safeParse(options);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  if (issue === undefined) throw wrongType('options are not valid');
  const path = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    const names = issue.keys.map((key) => JSON.stringify(path === '' ? key : `${path}.${key}`));
    throw wrongType(`unknown option ${names.join(', ')}`);
  }
  const given = issue.path.reduce<unknown>((value, key) => (isRecord(value) ? value[String(key)] : undefined), options);
  const message = `${path === '' ? 'options' : path} ${complaint(issue)}, got ${shown(given)}`;
  const isOfSize = issue.code === 'too_small' || issue.code === 'too_big';
  if (isOfSize && (issue.origin === 'number' || issue.origin === 'int')) throw outOfRange(message);
  throw wrongType(message);
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const expectations: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'a string',
  boolean: 'true or false',
  array: 'an array',
  object: 'an object',
  record: 'an object',
};

/** In our words: Zod's own speak of its schemas. */
const complaint = (issue: z.core.$ZodIssue): string => {
  if (issue.code === 'invalid_type') return `must be ${expectations[issue.expected] ?? issue.expected}`;
  const isNumber = 'origin' in issue && (issue.origin === 'number' || issue.origin === 'int');
  if (issue.code === 'too_small' && isNumber) return `must be at least ${issue.minimum}`;
  if (issue.code === 'too_big' && isNumber) return `must be at most ${issue.maximum}`;
  return issue.message;
};

const shown = (value: unknown): string => {
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}...` : value);
  if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : 'an array';
  return typeof value === 'object' && value !== null
    ? 'an object'
    : typeof value === 'function'
      ? 'a function'
      : String(value);
};

const checkMembers = (members: Readonly<Record<string, string>>, self: string): Readonly<Record<string, string>> => {
  const ids = Object.keys(members);
  if (ids.length === 0) throw wrongType('members must not be empty');
  if (ids.length > clusterMembersMax) throw outOfRange(`members: at most ${clusterMembersMax}, not ${ids.length}`);
  const owners = new Map<string, string>();
  const checked: [string, string][] = [];
  for (const [id, text] of Object.entries(members)) {
    if (!nodeId.safeParse(id).success) {
      throw wrongType(`members: node id ${JSON.stringify(id)} must be 1 to 64 characters of A-Z a-z 0-9 . _ -`);
    }
    // Whether plaintext may flow there is for those who dial to decide; here it only has to be an address.
    const address = formatAddress(checkAddress(text, { what: `members.${id}`, insecure: true }));
    const other = owners.get(address);
    if (other !== undefined) throw wrongType(`members: ${other} and ${id} have the same address ${address}`);
    owners.set(address, id);
    checked.push([id, address]);
  }
  if (!ids.includes(self))
    throw wrongType(`members: this node, ${JSON.stringify(self)}, is not among ${ids.join(', ')}`);
  return Object.fromEntries(checked);
};

const checkAddress = (
  text: string,
  { what, insecure }: { readonly what: string; readonly insecure: boolean },
): Address => {
  const address = parsed(text, what);
  if (insecure || isLoopback(address.host)) return address;
  throw wrongType(
    `${what}: ${text} is not a loopback address, and plaintext beyond loopback needs the option insecure: true`,
  );
};

const parsed = (text: string, what: string): Address => {
  try {
    return parseAddress(text, what);
  } catch (error) {
    if (error instanceof TransportError) throw wrongType(error.message);
    throw error;
  }
};

const wildcards: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

const advertised = (
  asked: string | undefined,
  listen: Address | undefined,
  member: string | undefined,
): string | undefined => {
  if (asked !== undefined) return formatAddress(checkAddress(asked, { what: 'advertise', insecure: true }));
  if (listen === undefined || wildcards.has(listen.host)) return member;
  return undefined;
};

const nodeLimits = (asked: NonNullable<HoldfastOptions['limits']>): NodeLimits => ({
  ...defaultNodeLimits,
  openRequestsMax: asked.openRequests ?? defaultNodeLimits.openRequestsMax,
  diskFreeBytesMin: asked.freeDiskBytes ?? defaultNodeLimits.diskFreeBytesMin,
  checkpointEntries: asked.checkpointEntries ?? defaultNodeLimits.checkpointEntries,
  keptEntries: asked.keptEntries ?? defaultNodeLimits.keptEntries,
  keptEvents: asked.keptEvents ?? defaultNodeLimits.keptEvents,
});

function isLogger(value: unknown): value is Logger {
  if (typeof value !== 'object' || value === null) return false;
  return ['debug', 'info', 'warn', 'error'].every((name) => typeof Reflect.get(value, name) === 'function');
}
