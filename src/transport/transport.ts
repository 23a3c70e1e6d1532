import type { MemberId, Message } from '../../raft/index.ts';

/** What may stand in a body: checked for depth and size by the codec, for meaning by who reads it. */
export type Value = undefined | null | boolean | number | string | Uint8Array | readonly Value[];

/** What travels between two members. Each class has a stream of its own, so that none waits behind another. */
export type Packet =
  /** Votes, heartbeats and reads on `control`, appends on `append`. */
  | { readonly kind: 'raft'; readonly message: Message }
  /** Snapshot transfer; only the floor above knows the body. `isReply`: goes back on the stream that the peer opened. */
  | { readonly kind: 'snapshot'; readonly isReply: boolean; readonly body: Value }
  /** Forwarded commands, session heartbeats and their answers. */
  | { readonly kind: 'forward'; readonly isReply: boolean; readonly body: Value };

/** How a node introduces itself on each stream; nothing else is read before it (DECISIONS, handshake). */
export interface Hello {
  /** Absent: blank. */
  readonly clusterId: string | undefined;
  readonly nodeId: string;
  readonly incarnation: string;
  readonly run: number;
  /** Random per process: tells two processes on copies of one directory apart. */
  readonly boot: string;
  readonly configIndex: number;
  /** Hash of the `members` option; blank nodes must agree on it. Empty when the node was given none. */
  readonly membersHash: string;
  /** Where this node wants to be dialled. */
  readonly address: string;
  /** The first members as (node id, incarnation, address), once formed; how a blank peer finds that it is one of them. */
  readonly genesis: readonly (readonly [nodeId: string, incarnation: string, address: string])[];
}

/** Codes between peers; not public. */
export type RefusalCode =
  | 'PROTOCOL'
  | 'WRONG_CLUSTER'
  | 'WRONG_NODE'
  | 'UNKNOWN_MEMBER'
  | 'OTHER_INCARNATION'
  | 'OLD_RUN'
  | 'MEMBERS_DIFFER'
  | 'QUARANTINED'
  | 'NOT_READY'
  | 'UNAUTHENTICATED'
  | 'OVERLOADED'
  | 'SHUTTING_DOWN';

export interface Refused {
  readonly code: RefusalCode;
  /** What was expected and what came, for a person. */
  readonly text: string;
}

/** A handshake that came to nothing, and who did not want it. */
export interface Rejection extends Refused {
  readonly by: 'peer' | 'us';
}

/** A peer as we dial it. The incarnation shows only in its hello. */
export interface PeerAddress {
  readonly nodeId: string;
  /** `host:port`; names are resolved anew at each dial. */
  readonly address: string;
}

/** What a node does with what its peers send. Called from the event loop, never inside `send`. */
export interface PeerHandlers {
  /** Our own introduction, asked for at each handshake. */
  hello(): Hello;
  /**
   * Whether that peer may speak with us: called for the hello of a dialler, and for the answer of one we dialled
   * (`weDialled`), who has let us in by answering: that tells a blank node that it is a member now.
   */
  judge(hello: Hello, weDialled: boolean): Refused | undefined;
  receive(from: MemberId, packet: Packet): void;
  /** The control stream that we opened to this member is ready. */
  linkUp(member: MemberId, hello: Hello): void;
  /**
   * It broke, or a dial failed; repeated with each failed dial. `member` is who introduced itself here last, absent when
   * nobody ever did. `wasRefused`: its host says that nobody listens there; after a break it is asked at once.
   */
  linkDown(nodeId: string, member: MemberId | undefined, wasRefused: boolean): void;
  /** The peer, or we, refused the handshake; reported once per change of its text. */
  refused(nodeId: string, rejection: Rejection): void;
}

/** Message-shaped: may lose, repeat, reorder, delay; never alters, never invents a sender. */
export interface PeerTransport {
  /** Whom to keep links to, besides those who dial us. Unchanged entries keep their links. */
  setPeers(peers: readonly PeerAddress[]): void;
  /** Never blocks, never throws for the world's faults; what has no ready stream, or meets a full queue, is dropped. */
  send(to: MemberId, packets: readonly Packet[]): void;
}

/** One remote client's stream, seen from either end. */
export interface ClientChannel {
  /** False: the other side reads too slowly; the message was queued, wait for `drained` before the next large one. */
  send(body: Value): boolean;
  /** Ends the stream after what was sent. */
  close(): void;
}

export interface ClientChannelHandlers {
  receive(body: Value): void;
  drained(): void;
  /** Once; also after our own `close`. `refused` is set when the other side turned the handshake down. */
  closed(reason: { readonly text: string; readonly refused: Refused | undefined }): void;
}

/** What a client says first. */
export interface ClientHello {
  /** Absent: any cluster will do. */
  readonly clusterId: string | undefined;
  /** A name for people, at most 128 bytes. */
  readonly label: string;
  /** False: content with a node that belongs to no cluster, to hear how it is. */
  readonly requireLeader: boolean;
}

/** What a node answers a client whom it accepts. */
export interface ServerHello {
  /** Absent: the node belongs to none yet. */
  readonly clusterId: string | undefined;
  readonly nodeId: string;
}

export interface ClientAcceptor {
  /** Called after the client's hello was read and checked for form. */
  accept(
    hello: ClientHello,
    channel: ClientChannel,
  ): { readonly hello: ServerHello; readonly handlers: ClientChannelHandlers } | Refused;
}

export { incarnationOf, memberId, nodeIdOf } from '../../raft/index.ts';
