export { type Address, formatAddress, isAddress, isLoopback, parseAddress } from './address.ts';
export { type CodecBounds, type Decoded, decodeValue, encodeValue } from './codec.ts';
export { type ConnectOptions, connectClient } from './connect-client.ts';
export { TransportError, type TransportErrorCode } from './errors.ts';
export { protocolVersion } from './greeting.ts';
export { GrpcTransport, type GrpcTransportOptions } from './grpc-transport.ts';
export {
  defaultTransportLimits,
  defaultTransportTiming,
  type TransportLimits,
  type TransportTiming,
} from './limits.ts';
export { decodeMessage, encodeMessage } from './message-codec.ts';
export type { TransportLogger } from './notices.ts';
export * from './transport.ts';
