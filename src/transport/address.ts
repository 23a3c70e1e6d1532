import { isIP } from 'node:net';
import { TransportError } from './errors.ts';

/** A place to listen on or to dial. `host` is a name or an IP literal without brackets. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** RFC 1035 allows 253 characters for a name; no IP literal is longer. */
const hostCharsMax = 253;

/**
 * Reads `host:port` or `[v6]:port`, port 0 to 65535.
 * Throws `TransportError` (`INVALID_ADDRESS`) that says what is wrong; `what` names the option in it.
 */
export function parseAddress(text: string, what = 'address'): Address {
  const refuse = (why: string): TransportError =>
    new TransportError('INVALID_ADDRESS', `${what} ${quote(text)} ${why}; expected host:port or [ipv6]:port`);
  const colon = text.lastIndexOf(':');
  if (colon < 0) throw refuse('has no port');
  const port = text.slice(colon + 1);
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) throw refuse('has no port between 0 and 65535');
  const host = text.slice(0, colon);
  if (host.startsWith('[') && host.endsWith(']')) {
    const literal = host.slice(1, -1);
    if (isIP(literal) !== 6) throw refuse('has no IPv6 address between its brackets');
    return { host: literal, port: Number(port) };
  }
  if (host.includes(':')) throw refuse('has an IPv6 address without brackets');
  if (host === '' || host.length > hostCharsMax || !/^[A-Za-z0-9._-]+$/.test(host)) throw refuse('has no valid host');
  return { host, port: Number(port) };
}

/** Whether `parseAddress` takes it. What another process says is an address need not be one. */
export function isAddress(text: string): boolean {
  try {
    parseAddress(text);
    return true;
  } catch (error) {
    if (error instanceof TransportError) return false;
    throw error;
  }
}

/** The inverse of `parseAddress`. */
export const formatAddress = ({ host, port }: Address): string =>
  isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;

/** Whether what is sent to `host` stays on this machine. A name other than `localhost` is taken to leave it. */
export function isLoopback(host: string): boolean {
  if (isIP(host) === 4) return host.startsWith('127.');
  if (isIP(host) === 6) return host === '::1' || /^::ffff:127\./i.test(host);
  return host.toLowerCase() === 'localhost';
}

const quote = (text: string): string => JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}...` : text);
