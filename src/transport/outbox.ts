import type { Writable } from 'node:stream';
import type { Frame } from './frame-codec.ts';

export interface OutboxLimits {
  readonly bytesMax: number;
  readonly messagesMax: number;
}

/** Handed to gRPC but not yet to the socket; above it frames wait here, where heartbeats can still be replaced. */
const underwayBytesMax = 1024 * 1024;

/**
 * The bounded queue in front of one stream. It starts held: nothing leaves before `open`, when the handshake is done.
 * `drained` is called when a reader that was too slow has caught up: once after each time that `isClear` was false.
 */
export class Outbox {
  #stream: Writable | undefined;
  readonly #limits: OutboxLimits;
  readonly #drained: (() => void) | undefined;
  #queue: Frame[] = [];
  #queuedBytes = 0;
  #underwayBytes = 0;
  #isBehind = false;
  #state: 'held' | 'open' | 'ending' | 'closed' = 'held';

  constructor(limits: OutboxLimits, drained?: () => void) {
    this.#limits = limits;
    this.#drained = drained;
  }

  /** False while frames wait for the reader. */
  get isClear(): boolean {
    return this.#queue.length === 0 && this.#canWrite();
  }

  /** From now on frames leave through `stream`, those that were offered before first. */
  open(stream: Writable): void {
    if (this.#state !== 'held') return;
    this.#stream = stream;
    this.#state = 'open';
    this.#flush();
  }

  /** False when the frame was dropped, because the queue is full or the stream is closed. */
  offer(frame: Frame): boolean {
    if (this.#state === 'ending' || this.#state === 'closed') return false;
    if (this.isClear) {
      this.#write(frame);
      this.#isBehind ||= !this.#canWrite();
      return true;
    }
    // Of heartbeats only the newest says anything: after a stall the reader must not wade through old ones.
    if (frame.isHeartbeat) this.#dropHeartbeats();
    const isFull =
      this.#queue.length >= this.#limits.messagesMax || this.#queuedBytes + frame.bytes.length > this.#limits.bytesMax;
    if (isFull) return false;
    this.#queue.push(frame);
    this.#queuedBytes += frame.bytes.length;
    this.#isBehind = true;
    return true;
  }

  /** Ends the stream once what was accepted has left; what is still held never leaves. */
  end(): void {
    if (this.#state === 'ending' || this.#state === 'closed') return;
    if (this.#state === 'held') return this.close();
    this.#state = 'ending';
    this.#flush();
  }

  /** Forgets everything; writes nothing any more, and leaves the stream to its owner. */
  close(): void {
    this.#state = 'closed';
    this.#stream = undefined;
    this.#queue = [];
    this.#queuedBytes = 0;
  }

  #canWrite(): boolean {
    return this.#stream !== undefined && this.#underwayBytes < underwayBytesMax && !this.#stream.writableNeedDrain;
  }

  #write(frame: Frame): void {
    const size = frame.bytes.length;
    this.#underwayBytes += size;
    this.#stream?.write(frame.bytes, (error) => {
      this.#underwayBytes -= size;
      if (error === undefined || error === null) this.#flush();
    });
  }

  #flush(): void {
    if (this.#state === 'held' || this.#state === 'closed') return;
    let written = 0;
    for (const frame of this.#queue) {
      if (!this.#canWrite()) break;
      written += 1;
      this.#queuedBytes -= frame.bytes.length;
      this.#write(frame);
    }
    if (written > 0) this.#queue = this.#queue.slice(written);
    if (this.#queue.length > 0) return;
    if (this.#state === 'ending') {
      this.#state = 'closed';
      this.#stream?.end();
    } else if (this.#isBehind && this.#canWrite()) {
      this.#isBehind = false;
      this.#drained?.();
    }
  }

  #dropHeartbeats(): void {
    const kept = this.#queue.filter((frame) => !frame.isHeartbeat);
    for (const frame of this.#queue) if (frame.isHeartbeat) this.#queuedBytes -= frame.bytes.length;
    this.#queue = kept;
  }
}
