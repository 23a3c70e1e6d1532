import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Outbox } from '../../src/transport/outbox.ts';

/** A stream whose reader takes one message each time it is told to. */
class Reader {
  readonly taken: string[] = [];
  isEnded = false;
  readonly stream: Writable;
  #release: (() => void) | undefined;

  constructor(highWaterMark: number) {
    this.stream = new Writable({
      objectMode: true,
      highWaterMark,
      write: (bytes: Buffer, _encoding, done) => {
        this.taken.push(bytes.toString());
        this.#release = () => done();
      },
      final: (done) => {
        this.isEnded = true;
        done();
      },
    });
  }

  /** Lets the reader take everything, one after the other. */
  async readAll(): Promise<void> {
    for (;;) {
      const release = this.#release;
      if (release === undefined) return;
      this.#release = undefined;
      release();
      // The stream hands over the next one after the current turn.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

const frame = (text: string) => ({ bytes: Buffer.from(text), isHeartbeat: false });
const beat = (text: string) => ({ bytes: Buffer.from(text), isHeartbeat: true });

describe('an outbox', () => {
  it('holds everything until it is opened, then keeps the order', async () => {
    const reader = new Reader(2);
    const outbox = new Outbox({ bytesMax: 100, messagesMax: 10 });
    for (const text of ['1', '2', '3', '4']) outbox.offer(frame(text));

    outbox.open(reader.stream);
    outbox.offer(frame('5'));
    await reader.readAll();

    expect(reader.taken).toEqual(['1', '2', '3', '4', '5']);
  });

  it('drops what exceeds its bytes or its messages, and takes more once there is room', async () => {
    const reader = new Reader(1);
    const outbox = new Outbox({ bytesMax: 10, messagesMax: 3 });
    outbox.open(reader.stream);
    outbox.offer(frame('under way'));

    const bytes = [outbox.offer(frame('123456')), outbox.offer(frame('12345'))];
    const messages = [outbox.offer(frame('1')), outbox.offer(frame('2')), outbox.offer(frame('3'))];
    await reader.readAll();

    expect(bytes).toEqual([true, false]);
    expect(messages).toEqual([true, true, false]);
    expect(reader.taken).toEqual(['under way', '123456', '1', '2']);
    expect(outbox.offer(frame('4'))).toBe(true);
  });

  it('of waiting heartbeats sends only the newest (S118)', async () => {
    const reader = new Reader(1);
    const outbox = new Outbox({ bytesMax: 100, messagesMax: 3 });
    outbox.open(reader.stream);
    outbox.offer(frame('under way'));

    for (const offered of [beat('b1'), frame('vote'), beat('b2'), beat('b3')]) outbox.offer(offered);
    await reader.readAll();

    expect(reader.taken).toEqual(['under way', 'vote', 'b3']);
  });

  it('tells once that the reader has caught up, each time that it was behind', async () => {
    const reader = new Reader(1);
    let drained = 0;
    const outbox = new Outbox({ bytesMax: 100, messagesMax: 10 }, () => {
      drained += 1;
    });
    outbox.open(reader.stream);

    outbox.offer(frame('1'));
    expect(outbox.isClear).toBe(false);
    outbox.offer(frame('2'));
    await reader.readAll();
    expect([drained, outbox.isClear]).toEqual([1, true]);
    outbox.offer(frame('3'));
    await reader.readAll();

    expect(drained).toBe(2);
  });

  it('ends the stream after what was accepted, and accepts nothing more', async () => {
    const reader = new Reader(1);
    const outbox = new Outbox({ bytesMax: 100, messagesMax: 10 });
    outbox.open(reader.stream);
    outbox.offer(frame('1'));
    outbox.offer(frame('2'));

    outbox.end();
    const late = outbox.offer(frame('3'));
    await reader.readAll();

    expect(late).toBe(false);
    expect(reader.taken).toEqual(['1', '2']);
    expect(reader.isEnded).toBe(true);
  });
});
