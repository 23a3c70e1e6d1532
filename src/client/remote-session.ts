import type { SessionListener, SessionRequest } from '../node/index.ts';
import type { HoldName, Sequence, SessionId } from '../table/index.ts';

/** One session of this client, wherever it is attached at the moment. */
export class RemoteSession {
  readonly id: SessionId;
  readonly nonce: string;
  readonly listener: SessionListener;
  /** Requests without a final answer, in the order in which they were made. */
  readonly open: Map<Sequence, SessionRequest> = new Map();
  /** By token: holds whose holder wants to hear that somebody waits. */
  readonly watched: Map<number, HoldName> = new Map();
  /** Whether the node that serves us knows that the session is ours. */
  isAttached: boolean = false;
  /** It is being said goodbye to. */
  isEnding: boolean = false;

  constructor(id: SessionId, opening: { readonly nonce: string; readonly listener: SessionListener }) {
    this.id = id;
    this.nonce = opening.nonce;
    this.listener = opening.listener;
  }
}
