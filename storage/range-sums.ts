import { nextCrc, polynomial } from './crc32c.ts';

/** No range is longer: a block of LevelDB's log format. */
const rangeBytesMax = 32 * 1024;

/** The polynomial 1, reflected as all of them here. */
const one = 0x80000000;

/** `x` to the power of 8n, by n: to multiply with it is what n bytes of zeros do to a checksum. */
const powers = makePowers();

function makePowers(): Uint32Array {
  const all = new Uint32Array(rangeBytesMax + 1);
  let power = one;
  for (let length = 0; length <= rangeBytesMax; length += 1) {
    all[length] = power;
    power = nextCrc(power, 0);
  }
  return all;
}

/**
 * Checksums of any number of ranges within one stretch of bytes, each at the same small cost however long it is.
 * To compute each by itself takes time by the square of the length where ranges overlap, as in hostile bytes.
 */
export class RangeSums {
  readonly #start: number;
  /** What the bytes up to each place make of a checksum that begins with zero. */
  readonly #prefixes: Uint32Array;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#start = start;
    this.#prefixes = new Uint32Array(end - start + 1);
    let crc = 0;
    for (let place = 0; place < end - start; place += 1) {
      crc = nextCrc(crc, bytes[start + place] ?? 0);
      this.#prefixes[place + 1] = crc;
    }
  }

  /** CRC-32C from `from` to `to`, both counted as in the bytes that were given; they may not be further apart than a block. */
  crc32c(from: number, to: number): number {
    const before = this.#prefixes[from - this.#start] ?? 0;
    const upTo = this.#prefixes[to - this.#start] ?? 0;
    // A checksum is linear: what came before, and the ones it begins with, move on by the length of the range.
    const moved = product(~before >>> 0, powers[to - from] ?? 0);
    return ~(moved ^ upTo) >>> 0;
  }
}

/** The product of two polynomials modulo the one of CRC-32C. */
function product(left: number, right: number): number {
  let sum = 0;
  let factor = right;
  for (let bits = left | 0; bits !== 0; bits <<= 1) {
    if (bits < 0) sum ^= factor;
    factor = factor & 1 ? (factor >>> 1) ^ polynomial : factor >>> 1;
  }
  return sum;
}
