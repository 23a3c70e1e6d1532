import { connect, createServer, type Server, type Socket } from 'node:net';
import { Flow, type Weather } from './flow.ts';

interface Connection {
  readonly near: Socket;
  readonly far: Socket;
  readonly flows: readonly Flow[];
}

const clear = (): Weather => ({ isHeld: false, delayMs: 0, jitterMs: 0 });

/**
 * The way from one process to one port, as a TCP proxy that can be told to misbehave. *Up* is from who dials to who is
 * dialled.
 */
export class Link {
  readonly #server: Server;
  readonly #connections: Set<Connection> = new Set();
  readonly #up = clear();
  readonly #down = clear();
  #refuses = false;
  #harm = 0;

  private constructor(targetPort: number) {
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => this.#accept(near, targetPort));
  }

  /** A link to a port of loopback, which need not be open yet. */
  static to(targetPort: number): Promise<Link> {
    const link = new Link(targetPort);
    return new Promise((resolve, reject) => {
      link.#server.once('error', reject);
      link.#server.listen(0, '127.0.0.1', () => resolve(link));
    });
  }

  /** Where to dial. */
  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** Bytes held or delayed, connections refused or reset so far: whether a fault has really acted. */
  get harm(): number {
    return this.#harm;
  }

  /** From now on bytes of this direction stay in the proxy, the connection lives; `false` delivers them, late. */
  hold(direction: 'up' | 'down', isHeld = true): void {
    (direction === 'up' ? this.#up : this.#down).isHeld = isHeld;
    if (!isHeld) this.#pump();
  }

  /** Every byte takes so long, both ways, give or take `jitterMs`; order is kept. */
  delay(delayMs: number, jitterMs = 0): void {
    for (const weather of [this.#up, this.#down]) Object.assign(weather, { delayMs, jitterMs });
  }

  /** Breaks all connections by RST; new ones are let through. */
  reset(): void {
    for (const { near, far } of this.#connections) {
      this.#harm += 1;
      near.resetAndDestroy();
      far.resetAndDestroy();
    }
  }

  /** Breaks all connections, and new ones at once, until it is healed. */
  refuse(): void {
    this.#refuses = true;
    this.reset();
  }

  /** As if nothing had been; what was held arrives now. */
  heal(): void {
    this.#refuses = false;
    this.delay(0);
    for (const weather of [this.#up, this.#down]) weather.isHeld = false;
    this.#pump();
  }

  async close(): Promise<void> {
    for (const { near, far, flows } of this.#connections) {
      for (const flow of flows) flow.stop();
      near.destroy();
      far.destroy();
    }
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(near: Socket, targetPort: number): void {
    // Both ends may be reset at any time; their 'close' says so.
    near.on('error', () => undefined);
    if (this.#refuses) {
      this.#harm += 1;
      near.resetAndDestroy();
      return;
    }
    const far = connect({ port: targetPort, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    far.on('error', () => undefined);
    const harmed = (bytes: number): void => {
      this.#harm += bytes;
    };
    const up = new Flow({ from: near, to: far }, this.#up, harmed);
    const down = new Flow({ from: far, to: near }, this.#down, harmed);
    const connection = { near, far, flows: [up, down] };
    this.#connections.add(connection);
    const leave = (): void => {
      if (near.destroyed && far.destroyed) this.#connections.delete(connection);
    };
    near.once('close', leave);
    far.once('close', leave);
  }

  #pump(): void {
    for (const { flows } of this.#connections) for (const flow of flows) flow.pump();
  }
}
