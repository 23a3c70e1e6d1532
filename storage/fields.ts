import { corrupt } from './errors.ts';

/** Walks the fields of one of LevelDB's own records: numbers of 7 bits a byte, and bytes with their length before them. */
export class Fields {
  readonly #bytes: Buffer;
  readonly #what: string;
  #at = 0;

  /** `what` names the record in the verdict. */
  constructor(bytes: Buffer, what: string) {
    this.#bytes = bytes;
    this.#what = what;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  number(): number {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 56; scale *= 128) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined) break;
      this.#at += 1;
      // LevelDB never writes a number longer than it needs to be: a bit was flipped that made it so.
      if (byte === 0 && scale > 1) break;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw corrupt(`${this.#what} with a number that LevelDB does not write`);
  }

  bytes(length: number): Buffer {
    const start = this.#at;
    if (length > this.#bytes.length - start) throw corrupt(`${this.#what} with bytes cut short`);
    this.#at += length;
    return this.#bytes.subarray(start, this.#at);
  }

  skipBytes(): void {
    this.bytes(this.number());
  }
}
