import {
  type ChannelOptions,
  Client,
  type ClientDuplexStream,
  type handleBidiStreamingCall,
  type ServerDuplexStream,
  type ServiceDefinition,
} from '@grpc/grpc-js';
import { type Address, formatAddress } from './address.ts';
import { type StreamClass, streamClasses } from './frame-codec.ts';
import type { TransportLimits, TransportTiming } from './limits.ts';
import { channelCredentials } from './security.ts';

/** A stream as its dialler has it, and as its acceptor has it. Each gRPC message is one frame of ours. */
export type OutgoingCall = ClientDuplexStream<Buffer, Buffer>;
export type IncomingCall = ServerDuplexStream<Buffer, Buffer>;
export type CallHandler = handleBidiStreamingCall<Buffer, Buffer>;

/** gRPC answers an unknown path by itself. */
const peerMethods: Readonly<Record<StreamClass, string>> = {
  control: '/holdfast.v1.Peer/Control',
  append: '/holdfast.v1.Peer/Append',
  snapshot: '/holdfast.v1.Peer/Snapshot',
  forward: '/holdfast.v1.Peer/Forward',
};
const clientMethod = '/holdfast.v1.Client/Session';

/** gRPC's own limit only has to keep what is far too long out of memory; ours says what is wrong. */
const messageSlackBytes = 1_024;

/** Bytes pass as they are: decoding happens where a bad frame can end its own stream and nothing else. */
const asIs = (bytes: Buffer): Buffer => bytes;

const method = (path: string): ServiceDefinition[string] => ({
  path,
  requestStream: true,
  responseStream: true,
  requestSerialize: asIs,
  requestDeserialize: asIs,
  responseSerialize: asIs,
  responseDeserialize: asIs,
});

export const peerService: ServiceDefinition = Object.fromEntries(
  streamClasses.map((streamClass) => [streamClass, method(peerMethods[streamClass])]),
);

export const clientService: ServiceDefinition = { session: method(clientMethod) };

export const openPeerStream = (client: Client, streamClass: StreamClass): OutgoingCall =>
  client.makeBidiStreamRequest(peerMethods[streamClass], asIs, asIs);

export const openClientStream = (client: Client): OutgoingCall =>
  client.makeBidiStreamRequest(clientMethod, asIs, asIs);

/** Where a call comes from, without the port: that differs at each dial and would make every log line a new subject. */
export function hostOf(call: IncomingCall): string {
  const peer = call.getPeer();
  return peer.slice(0, peer.lastIndexOf(':'));
}

/** A client of one connection to a literal address that a probe has just reached. */
export function dial(
  address: Address,
  limits: TransportLimits,
  timing: { readonly keepalive: number; readonly redialMax: number },
): Client {
  const family = address.host.includes(':') ? 'ipv6' : 'ipv4';
  return new Client(`${family}:${formatAddress(address)}`, channelCredentials(), {
    ...messageOptions(limits),
    'grpc.keepalive_time_ms': timing.keepalive,
    'grpc.keepalive_timeout_ms': timing.keepalive,
    'grpc.keepalive_permit_without_calls': 1,
    'grpc.initial_reconnect_backoff_ms': timing.redialMax,
    'grpc.max_reconnect_backoff_ms': timing.redialMax,
    // One peer's troubles must not touch another client of the same process.
    'grpc.use_local_subchannel_pool': 1,
    // A retried stream would send a proposal twice.
    'grpc.enable_retries': 0,
    'grpc.service_config_disable_resolution': 1,
    // An http_proxy variable meant for the web would capture the cluster's traffic.
    'grpc.enable_http_proxy': 0,
  });
}

export const serverOptions = (limits: TransportLimits, timing: TransportTiming): ChannelOptions => ({
  ...messageOptions(limits),
  'grpc.max_concurrent_streams': limits.streamsPerConnectionMax,
  'grpc.keepalive_time_ms': timing.guestKeepalive,
  'grpc.keepalive_timeout_ms': timing.guestKeepalive,
});

const messageOptions = (limits: TransportLimits): ChannelOptions => ({
  'grpc.max_receive_message_length': limits.messageBytesMax + messageSlackBytes,
  'grpc.max_send_message_length': limits.messageBytesMax + messageSlackBytes,
  'grpc.enable_channelz': 0,
});
