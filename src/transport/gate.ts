import { createServer, type Server as Listener, type Socket } from 'node:net';
import { Server } from '@grpc/grpc-js';
import type { Clock, Timer } from '../clock/index.ts';
import { type Address, formatAddress } from './address.ts';
import { TransportError } from './errors.ts';
import { type IncomingCall, serverOptions } from './grpc.ts';
import type { TransportLimits, TransportTiming } from './limits.ts';
import type { Notices } from './notices.ts';
import { serverCredentials } from './security.ts';

/** One accepted connection. `streams`: those whose handshake succeeded and that are still open. */
interface Guest {
  readonly socket: Socket;
  streams: number;
  hasGreeted: boolean;
  timer: Timer | undefined;
}

/**
 * The listening port and its connections. gRPC speaks on them, but we accept them: so that there is a cap on them, one
 * that never introduces itself is closed in time, and closing the gate surely ends all.
 */
export class Gate {
  /** Where the services are registered. */
  readonly server: Server;
  readonly #listener: Listener;
  readonly #guests = new Map<string, Guest>();
  readonly #clock: Clock;
  readonly #timing: TransportTiming;
  readonly #notices: Notices;
  #isClosed = false;

  constructor(options: {
    readonly clock: Clock;
    readonly limits: TransportLimits;
    readonly timing: TransportTiming;
    readonly notices: Notices;
  }) {
    this.#clock = options.clock;
    this.#timing = options.timing;
    this.#notices = options.notices;
    this.server = new Server(serverOptions(options.limits, options.timing));
    const injector = this.server.createConnectionInjector(serverCredentials());
    this.#listener = createServer({ noDelay: true, allowHalfOpen: false }, (socket) => {
      this.#admit(socket);
      injector.injectConnection(socket);
    });
    this.#listener.maxConnections = options.limits.connectionsMax;
    this.#listener.on('drop', () => this.#notices.warn('overloaded', 'all', 'too many connections: one was closed'));
  }

  /** The bound port. Rejects with a `TransportError`. */
  listen(address: Address): Promise<number> {
    return new Promise((resolve, reject) => {
      const failed = (error: Error): void => reject(explain(error, address));
      const closed = (): void => reject(new TransportError('CLOSED', 'the transport was closed meanwhile'));
      this.#listener.once('error', failed);
      this.#listener.once('close', closed);
      this.#listener.listen({ host: address.host, port: address.port }, () => {
        this.#listener.off('error', failed);
        // A close that came while the name was looked up found nothing to close.
        if (this.#isClosed) this.#listener.close();
        // A later fault concerns one connection that could not be accepted, not the port.
        this.#listener.on('error', (error) => this.#notices.warn('accept', 'all', error.message));
        const bound = this.#listener.address();
        if (bound !== null && typeof bound === 'object') resolve(bound.port);
      });
    });
  }

  /** A stream's handshake succeeded: its connection may stay. Call the result when that stream has ended. */
  welcome(call: IncomingCall): () => void {
    const guest = this.#guests.get(call.getPeer());
    if (guest === undefined) return () => {};
    guest.hasGreeted = true;
    guest.streams += 1;
    guest.timer?.cancel();
    return () => {
      guest.streams -= 1;
      if (guest.streams === 0 && !guest.socket.destroyed) this.#expectStream(guest, this.#timing.idle);
    };
  }

  /** A stream has introduced itself and was turned away: no news when its connection ends. */
  recognise(call: IncomingCall): void {
    const guest = this.#guests.get(call.getPeer());
    if (guest !== undefined) guest.hasGreeted = true;
  }

  /** Closes the connection that `call` came by: for a stream whose reader does not read its end either. */
  expel(call: IncomingCall): void {
    this.#guests.get(call.getPeer())?.socket.destroy();
  }

  /** Stops listening at once; ends connections that have not ended by themselves after the grace. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const closed = new Promise<void>((resolve) => {
      // Also called, with an error that says so, when it never listened.
      this.#listener.close(() => resolve());
    });
    for (const guest of this.#guests.values()) if (guest.streams === 0) guest.socket.destroy();
    const grace = this.#clock.after(this.#timing.closeGrace, () => {
      for (const guest of this.#guests.values()) guest.socket.destroy();
    });
    await closed;
    grace.cancel();
    for (const guest of this.#guests.values()) guest.timer?.cancel();
    this.server.forceShutdown();
  }

  #admit(socket: Socket): void {
    const name = `${socket.remoteAddress}:${socket.remotePort}`;
    const host = String(socket.remoteAddress);
    const guest: Guest = { socket, streams: 0, hasGreeted: false, timer: undefined };
    this.#guests.set(name, guest);
    this.#expectStream(guest, this.#timing.hello);
    // The HTTP/2 session has listeners of its own; this one stays when those are gone.
    socket.on('error', () => {});
    socket.once('close', () => {
      this.#guests.delete(name);
      guest.timer?.cancel();
      // A probe sends nothing and is no news.
      if (!guest.hasGreeted && socket.bytesRead > 0) {
        this.#notices.warn('stranger', host, 'a connection ended without a valid introduction');
      }
    });
  }

  #expectStream(guest: Guest, ms: number): void {
    guest.timer?.cancel();
    guest.timer = this.#clock.after(ms, () => guest.socket.destroy());
  }
}

function explain(error: Error, address: Address): TransportError {
  const where = formatAddress(address);
  const code = 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE') {
    return new TransportError('ADDRESS_IN_USE', `cannot listen on ${where}: something listens there already`, {
      cause: error,
    });
  }
  return new TransportError('LISTEN_FAILED', `cannot listen on ${where}: ${error.message}`, { cause: error });
}
