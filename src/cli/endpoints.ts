import { addressIn } from './address.ts';
import { usageFailure } from './exit-codes.ts';

export const endpointsDefault = '127.0.0.1:7400';

export interface EndpointFlags {
  readonly endpoints?: string;
}

/** The nodes to talk to: the flag, else `HOLDFAST_ENDPOINTS`, else this host's default port. */
export function endpointsFrom(flags: EndpointFlags, environment: NodeJS.ProcessEnv): readonly string[] {
  const ours = environment['HOLDFAST_ENDPOINTS'];
  const where = flags.endpoints === undefined && ours !== undefined ? 'HOLDFAST_ENDPOINTS' : '--endpoints';
  const listed = (flags.endpoints ?? ours ?? endpointsDefault).split(',').map((one) => one.trim());
  const endpoints = [...new Set(listed.filter((one) => one !== ''))];
  if (endpoints.length === 0) throw usageFailure(`${where}: expected host:port[,host:port...], got nothing`);
  const wrong = endpoints.find((one) => (addressIn(one)?.port ?? 0) === 0);
  if (wrong !== undefined) throw usageFailure(`${where}: expected host:port[,host:port...], got "${wrong}"`);
  return endpoints;
}
