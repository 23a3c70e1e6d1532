/** Every bound of the transport; what exceeds one is refused or dropped, never queued without end. */
export interface TransportLimits {
  /** One gRPC message, sent or received. */
  readonly messageBytesMax: number;
  /** Arrays, strings and numbers of one message, all counted. */
  readonly elementsMax: number;
  /** Arrays in arrays. */
  readonly depthMax: number;
  /** What waits for one slow stream between peers; further packets are dropped. */
  readonly queueBytesMax: number;
  readonly queueMessagesMax: number;
  /** What waits for one slow client; beyond it the client is cut off, because its messages must not be dropped. */
  readonly clientQueueBytesMax: number;
  /** Open client streams of this node; a further one is refused as overloaded. */
  readonly clientStreamsMax: number;
  /** gRPC streams of one connection. */
  readonly streamsPerConnectionMax: number;
  /** Connections of this node, peers and clients together; a further one is closed at once. */
  readonly connectionsMax: number;
}

export const defaultTransportLimits: TransportLimits = {
  messageBytesMax: 4 * 1024 * 1024,
  elementsMax: 262_144,
  depthMax: 16,
  queueBytesMax: 8 * 1024 * 1024,
  queueMessagesMax: 1_024,
  clientQueueBytesMax: 8 * 1024 * 1024,
  clientStreamsMax: 10_000,
  streamsPerConnectionMax: 100,
  connectionsMax: 12_000,
};

/** How long the transport waits for what. All in milliseconds. */
export interface TransportTiming {
  /** From the opening of a stream or connection to the end of its handshake. */
  readonly hello: number;
  /** For one TCP connect; gRPC has no such limit of its own. */
  readonly probe: number;
  /** Between two dials of one peer: starts at the first, doubles up to the second. */
  readonly redialMin: number;
  readonly redialMax: number;
  /** A link is pinged this often, and given up when the answer takes longer than this. */
  readonly keepalive: number;
  /** The same for whoever dialled us: also how long a silent client holds its connection. */
  readonly guestKeepalive: number;
  /** A connection without streams is closed after this. */
  readonly idle: number;
  /** What `close` waits for streams to end by themselves. */
  readonly closeGrace: number;
}

export const defaultTransportTiming: TransportTiming = {
  hello: 2_000,
  probe: 400,
  redialMin: 50,
  redialMax: 250,
  keepalive: 500,
  guestKeepalive: 10_000,
  idle: 10_000,
  closeGrace: 500,
};
