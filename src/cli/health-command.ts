import { get } from 'node:http';
import { text } from 'node:stream/consumers';
import { addressIn, addressText } from './address.ts';
import { CommandFailure, exitCodes, usageFailure } from './exit-codes.ts';
import { print } from './output.ts';

export interface HealthFlags {
  /** `host:port` of a node's health port. */
  readonly address?: string;
  /** Ask whether the process lives, rather than whether it can serve. */
  readonly live?: boolean;
  readonly timeout: number;
}

/** Asks a node's health port, for container health checks; fails unless it answers that all is well. */
export async function checkHealth(flags: HealthFlags): Promise<void> {
  const url = `http://${healthAddressFrom(flags, process.env)}/${flags.live === true ? 'livez' : 'readyz'}`;
  const { code, body } = await asked(url, flags.timeout);
  if (code !== 200) throw new CommandFailure(exitCodes.unavailable, `${url} answered ${code}: ${body}`);
  print(body === '' ? 'ok' : body);
}

interface Reply {
  readonly code: number | undefined;
  readonly body: string;
}

/** Not by `fetch`, which refuses ports that browsers keep for other protocols, 10080 among them. */
const asked = (url: string, timeoutMs: number): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const fail = ({ message }: Error): void =>
      reject(new CommandFailure(exitCodes.unavailable, `${url} cannot be reached: ${message}`));
    const signal = AbortSignal.timeout(Math.max(1, timeoutMs));
    const call = get(url, { agent: false, signal }, (response) => {
      text(response).then((body) => resolve({ code: response.statusCode, body: body.trim() }), fail);
    });
    call.on('error', (error) => fail(signal.aborted ? new Error(`no answer within ${timeoutMs} ms`) : error));
  });

/** The flag, else what this node's own environment says it serves on: as in its container. */
function healthAddressFrom(flags: HealthFlags, environment: NodeJS.ProcessEnv): string {
  const given = flags.address ?? environment['HOLDFAST_HEALTH_LISTEN'];
  const listen = environment['HOLDFAST_LISTEN'] ?? '127.0.0.1:7400';
  const address = addressIn(given ?? listen);
  if (address === undefined) throw usageFailure(`expected host:port of a health port, got "${given ?? listen}"`);
  const port = given === undefined ? address.port + 1_000 : address.port;
  return addressText({ host: reachable.get(address.host) ?? address.host, port });
}

/** Where one reaches what listens everywhere. */
const reachable: ReadonlyMap<string, string> = new Map([
  ['0.0.0.0', '127.0.0.1'],
  ['::', '::1'],
]);
