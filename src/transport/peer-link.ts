import type { MemberId } from '../../raft/index.ts';
import type { Timer } from '../clock/index.ts';
import { type Address, parseAddress } from './address.ts';
import { TransportError } from './errors.ts';
import type { StreamClass } from './frame-codec.ts';
import type { Outbox } from './outbox.ts';
import { PeerConnection } from './peer-connection.ts';
import { type Probe, type ProbeOutcome, probe } from './probe.ts';
import { refuseExposure, type Security } from './security.ts';
import type { StreamContext } from './stream-context.ts';
import type { Hello, PeerAddress, Rejection } from './transport.ts';

type Phase =
  | { readonly kind: 'waiting'; readonly timer: Timer }
  | { readonly kind: 'probing'; readonly probe: Probe }
  | { readonly kind: 'connected'; readonly connection: PeerConnection; isUp: boolean }
  | { readonly kind: 'closed' };

/** Keeps us connected to one peer: probes, dials, and begins again, for as long as it is our peer. */
export class PeerLink {
  readonly peer: PeerAddress;
  readonly #context: StreamContext;
  readonly #security: Security;
  #phase: Phase;
  /** Who introduced itself here last. */
  #member: MemberId | undefined;
  #refusedText: string | undefined;
  #waitMs: number;
  #dialledAt = Number.NEGATIVE_INFINITY;

  constructor(peer: PeerAddress, context: StreamContext, security: Security) {
    this.peer = peer;
    this.#context = context;
    this.#security = security;
    this.#waitMs = context.timing.redialMin;
    this.#phase = this.#wait(0);
  }

  /** Where requests to `member` go now; undefined while they would be lost. */
  outboxOf(member: MemberId, streamClass: StreamClass): Outbox | undefined {
    return this.#phase.kind === 'connected' ? this.#phase.connection.outboxOf(member, streamClass) : undefined;
  }

  /** The peer has just reached us, so it lives: no use in waiting out the back-off. */
  nudge(): void {
    if (this.#phase.kind === 'waiting' && this.#isRested) this.#attempt();
  }

  /** Tells the node of a refusal, by the peer or by us, unless it is the one that was told last. */
  report(rejection: Rejection): void {
    const text = `${rejection.by} ${rejection.code}: ${rejection.text}`;
    if (text === this.#refusedText) return;
    this.#refusedText = text;
    this.#context.handlers.refused(this.peer.nodeId, rejection);
  }

  /** Closes at once; nothing is reported any more. */
  close(): void {
    const phase = this.#phase;
    this.#phase = { kind: 'closed' };
    if (phase.kind === 'waiting') phase.timer.cancel();
    if (phase.kind === 'probing') phase.probe.cancel();
    if (phase.kind === 'connected') phase.connection.close();
  }

  /** Like `close`, but what was accepted still leaves, within the grace. */
  end(): void {
    const phase = this.#phase;
    if (phase.kind !== 'connected') return this.close();
    this.#phase = { kind: 'closed' };
    phase.connection.end();
  }

  /** A peer that closes whatever we open must not make us dial in a loop. */
  get #isRested(): boolean {
    return this.#context.clock.now() - this.#dialledAt >= this.#context.timing.redialMin;
  }

  #wait(ms: number): Phase {
    return { kind: 'waiting', timer: this.#context.clock.after(ms, () => this.#attempt()) };
  }

  #waitLonger(): void {
    this.#phase = this.#wait(this.#waitMs);
    this.#waitMs = Math.min(this.#waitMs * 2, this.#context.timing.redialMax);
  }

  #attempt(): void {
    if (this.#phase.kind === 'closed') return;
    if (this.#phase.kind === 'waiting') this.#phase.timer.cancel();
    const address = this.#address();
    if (address instanceof TransportError) {
      this.report({ code: 'UNAUTHENTICATED', text: address.message, by: 'us' });
      this.#phase = { kind: 'closed' };
      return;
    }
    this.#dialledAt = this.#context.clock.now();
    const { clock, timing } = this.#context;
    this.#phase = {
      kind: 'probing',
      probe: probe(address, { clock, limitMs: timing.probe }, (outcome) => this.#probed(outcome)),
    };
  }

  /** An address that can never be dialled is reported once and not tried again. */
  #address(): Address | TransportError {
    try {
      return parseAddress(this.peer.address, `address of node ${this.peer.nodeId}`);
    } catch (error) {
      if (error instanceof TransportError) return error;
      throw error;
    }
  }

  #probed(outcome: ProbeOutcome): void {
    if (outcome.kind === 'reached') {
      // Judged by the address that answered: the name may stand for anything.
      const exposed = refuseExposure(outcome.address, this.#security);
      if (exposed === undefined) return this.#connect(outcome.address);
      this.#waitLonger();
      return this.report({ code: 'UNAUTHENTICATED', text: exposed.message, by: 'us' });
    }
    this.#waitLonger();
    this.#context.handlers.linkDown(this.peer.nodeId, this.#member, outcome.kind === 'refused');
  }

  #connect(address: Address): void {
    const connection = new PeerConnection(this.peer.nodeId, address, this.#context, {
      up: (member, hello) => this.#up(member, hello),
      down: (rejection) => this.#down(rejection),
    });
    this.#phase = { kind: 'connected', connection, isUp: false };
  }

  #up(member: MemberId, hello: Hello): void {
    if (this.#phase.kind !== 'connected') return;
    this.#phase.isUp = true;
    this.#member = member;
    this.#refusedText = undefined;
    this.#waitMs = this.#context.timing.redialMin;
    this.#context.handlers.linkUp(member, hello);
  }

  #down(rejection: Rejection | undefined): void {
    if (this.#phase.kind !== 'connected') return;
    const wasUp = this.#phase.isUp;
    // Whether the peer's process is gone decides how fast its followers may campaign: ask its host at once.
    if (wasUp && this.#isRested) this.#attempt();
    else this.#waitLonger();
    if (rejection !== undefined) this.report(rejection);
    if (wasUp || rejection === undefined) this.#context.handlers.linkDown(this.peer.nodeId, this.#member, false);
  }
}
