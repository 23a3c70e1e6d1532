import type { SessionCommand, SessionId } from './command.ts';

/** Who meddles with what others hold, and why. It stands in the log, and is told to those whom it befalls. */
export interface Meddling {
  /** A person or program; 1 to `actorBytesMax` bytes of UTF-8. */
  readonly actor: string;
  /** At most `reasonBytesMax` bytes of UTF-8; may be empty. */
  readonly reason: string;
}

/** The same, with the session that asked for it. */
export interface Intervention extends Meddling {
  readonly session: SessionId;
}

/** Ends holds of others, or its own, whatever they do: of all who hold that name, or one alone. */
export interface ForceRelease extends SessionCommand, Meddling {
  readonly kind: 'force-release';
  readonly name: string;
  /** Of the hold; absent: all holds of the name. */
  readonly token: number | undefined;
}

/** Ends another session at once, with all that it holds and awaits. */
export interface EndSession extends SessionCommand, Meddling {
  readonly kind: 'end-session';
  readonly target: SessionId;
}

/** Asks the holders of a name, or one of them, to let go. Nothing is forced, and nothing is remembered of it. */
export interface RequestRevoke extends SessionCommand, Meddling {
  readonly kind: 'request-revoke';
  readonly name: string;
  /** Of the hold; absent: all holds of the name. */
  readonly token: number | undefined;
}

/** Ends all holds of an exclusive or reader-writer lock and takes it, ahead of all who wait, at this place in the log. */
export interface Steal extends SessionCommand, Meddling {
  readonly kind: 'steal';
  readonly name: string;
  readonly mode: 'X' | 'W';
}

/** What operators ask. */
export type OperatorRequest = ForceRelease | EndSession | RequestRevoke | Steal;
