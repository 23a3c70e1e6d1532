import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { type Address, addressIn, addressText } from './address.ts';
import { durationMs } from './duration.ts';
import { usageFailure } from './exit-codes.ts';

/** Everything `holdfast serve` needs to know, checked for form. Times are milliseconds; absent ones are the library's. */
export interface ServeSettings {
  readonly nodeId: string;
  readonly listen: string;
  readonly advertise: string | undefined;
  readonly dataDir: string;
  readonly members: Readonly<Record<string, string>> | undefined;
  readonly insecure: boolean;
  readonly sessionTtl: number | undefined;
  readonly heartbeatInterval: number | undefined;
  readonly electionTimeout: number | undefined;
  readonly closeTimeout: number | undefined;
  /** Undefined: no health port. */
  readonly healthListen: string | undefined;
  readonly logLevel: LogLevel;
  /** Undefined: none is written. */
  readonly journal: string | undefined;
  /** As `HoldfastOptions.limits` has them. */
  readonly checkpointEntries: number | undefined;
  readonly keptEntries: number | undefined;
  readonly keptEvents: number | undefined;
}

export type LogLevel = (typeof logLevels)[number];

/** The name of a setting as it stands in a configuration file. */
export type SettingKey = (typeof settingKeys)[number];

/** Flags as the command line gave them: text, or true for a switch. */
export type ServeFlags = { readonly [key in SettingKey | 'config' | 'json']?: string | boolean };

const settingKeys = [
  'nodeId',
  'listen',
  'advertise',
  'dataDir',
  'members',
  'insecure',
  'sessionTtl',
  'heartbeatInterval',
  'electionTimeout',
  'closeTimeout',
  'healthListen',
  'logLevel',
  'journal',
  'checkpointEntries',
  'keptEntries',
  'keptEvents',
] as const;

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'silent'] as const;

const duration = z.union([z.int().nonnegative(), z.string()], 'expected a duration').transform((given, context) => {
  const ms = typeof given === 'number' ? given : durationMs(given);
  if (ms !== undefined) return ms;
  context.addIssue(`expected a duration such as 250ms, 5s or 2m, got "${given}"`);
  return z.NEVER;
});

const address = z.string('expected host:port').transform((given, context) => {
  const found = addressIn(given);
  if (found !== undefined) return found;
  context.addIssue(`expected host:port with a port from 0 to 65535, got "${given}"`);
  return z.NEVER;
});

const count = z
  .union([z.int(), z.string().regex(/^\d{1,9}$/, 'expected a whole number')], 'expected a whole number')
  .transform(Number);

const flag = z.union([z.boolean(), z.enum(['true', 'false', '1', '0'])], 'expected true or false');

const members = z
  .union([z.record(z.string(), z.string()), z.string()], 'expected a=host:port,b=host:port or an object of them')
  .transform((given, context) => {
    const pairs = typeof given === 'string' ? given.split(',').map(pairIn) : Object.entries(given);
    const wrong = pairs.find(([id, at]) => id === '' || addressIn(at) === undefined);
    if (wrong !== undefined) context.addIssue(`expected a=host:port,b=host:port, got "${wrong.join('=')}"`);
    const ids = pairs.map(([id]) => id);
    const twice = ids.find((id, at) => ids.indexOf(id) !== at);
    if (twice !== undefined) context.addIssue(`the member "${twice}" is listed twice`);
    return Object.fromEntries(pairs);
  });

const schema = z.object({
  nodeId: z.string('expected a node id').min(1, 'expected a node id, got nothing').optional(),
  listen: address.optional(),
  advertise: address.transform(addressText).optional(),
  dataDir: z.string('expected a path').min(1, 'expected a path, got nothing').optional(),
  members: members.optional(),
  insecure: flag.transform((given) => given === true || given === 'true' || given === '1').optional(),
  sessionTtl: duration.optional(),
  heartbeatInterval: duration.optional(),
  electionTimeout: duration.optional(),
  closeTimeout: duration.optional(),
  healthListen: z.union([z.literal(['off', false]), address], 'expected host:port or off').optional(),
  logLevel: z.enum(logLevels, `expected one of ${logLevels.join(', ')}`).optional(),
  journal: z.string('expected a path').min(1, 'expected a path, got nothing').optional(),
  checkpointEntries: count.optional(),
  keptEntries: count.optional(),
  keptEvents: count.optional(),
} satisfies Record<SettingKey, z.ZodType>);

type Checked = z.output<typeof schema>;

/** How a setting is spelled elsewhere: `sessionTtl` is `--session-ttl` and `HOLDFAST_SESSION_TTL`. */
export const flagName = (key: string): string => `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

export const variableName = (key: string): string =>
  `HOLDFAST_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;

/** Flags win over the environment, the environment over the configuration file, that over the defaults. */
export function serveSettings(flags: ServeFlags, environment: NodeJS.ProcessEnv): ServeSettings {
  const path = flags.config ?? environment['HOLDFAST_CONFIG'];
  const file = typeof path === 'string' ? fileAt(path) : {};
  const layers: Layer[] = settingKeys.map((key) => {
    const variable = environment[variableName(key)];
    if (flags[key] !== undefined) return { key, value: flags[key], where: flagName(key) };
    if (variable !== undefined) return { key, value: variable, where: variableName(key) };
    return { key, value: file[key], where: `${path}: ${key}` };
  });
  const checked = schema.safeParse(Object.fromEntries(layers.map(({ key, value }) => [key, value])));
  if (!checked.success) throw usageFailure(checked.error.issues.map((issue) => complaint(issue, layers)).join('\n'));
  return completed(checked.data);
}

interface Layer {
  readonly key: SettingKey;
  readonly value: unknown;
  readonly where: string;
}

const complaint = (issue: z.core.$ZodIssue, layers: readonly Layer[]): string => {
  const layer = layers.find(({ key }) => key === issue.path[0]);
  return layer === undefined ? issue.message : `${layer.where}: ${issue.message}`;
};

function fileAt(path: string): Readonly<Record<string, unknown>> {
  const content = z.record(z.string(), z.unknown()).safeParse(parsedFileAt(path));
  if (!content.success) throw usageFailure(`${path}: expected a JSON object of settings`);
  const unknown = Object.keys(content.data).find((key) => !settingKeys.some((known) => known === key));
  if (unknown !== undefined)
    throw usageFailure(`${path}: unknown setting "${unknown}"; known are ${settingKeys.join(', ')}`);
  return content.data;
}

function parsedFileAt(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw usageFailure(`${path}: cannot be read as a JSON configuration file: ${reason}`);
  }
}

function completed(given: Checked): ServeSettings {
  const listen = given.listen ?? { host: '127.0.0.1', port: 7_400 };
  const ids = Object.keys(given.members ?? {});
  const nodeId = given.nodeId ?? (ids.length > 1 ? undefined : (ids[0] ?? 'a'));
  if (nodeId === undefined) throw usageFailure(`--node-id: expected which of ${ids.join(', ')} this node is`);
  return {
    nodeId,
    listen: addressText(listen),
    advertise: given.advertise,
    dataDir: given.dataDir ?? `holdfast-data/${nodeId}`,
    members: given.members,
    insecure: given.insecure ?? false,
    sessionTtl: given.sessionTtl,
    heartbeatInterval: given.heartbeatInterval,
    electionTimeout: given.electionTimeout,
    closeTimeout: given.closeTimeout,
    healthListen: healthAddress(given.healthListen, listen),
    logLevel: given.logLevel ?? 'info',
    journal: given.journal,
    checkpointEntries: given.checkpointEntries,
    keptEntries: given.keptEntries,
    keptEvents: given.keptEvents,
  };
}

function healthAddress(given: Checked['healthListen'], listen: Address): string | undefined {
  if (given === 'off' || given === false) return undefined;
  if (given !== undefined) return addressText(given);
  // A port that the system chooses has no neighbour to count from.
  const port = listen.port === 0 ? 0 : listen.port + 1_000;
  if (port > 65_535) throw usageFailure(`--health-listen: expected an address, as ${listen.port} + 1000 is no port`);
  return addressText({ host: listen.host, port });
}

function pairIn(text: string): [string, string] {
  const at = text.indexOf('=');
  return at === -1 ? [text.trim(), ''] : [text.slice(0, at).trim(), text.slice(at + 1).trim()];
}
