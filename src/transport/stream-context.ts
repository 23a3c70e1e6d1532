import type { Clock } from '../clock/index.ts';
import type { TransportLimits, TransportTiming } from './limits.ts';
import type { Notices } from './notices.ts';
import type { PeerHandlers } from './transport.ts';

/** What all links and streams of one node share. */
export interface StreamContext {
  readonly clock: Clock;
  readonly limits: TransportLimits;
  readonly timing: TransportTiming;
  readonly notices: Notices;
  readonly handlers: PeerHandlers;
}
