import { corrupt } from './errors.ts';
import { Fields } from './fields.ts';

/** What snappy's `bytes` stand for; LevelDB packs its blocks so. Throws for bytes that no packer makes. */
export function unpackSnappy(bytes: Buffer, lengthMax: number): Buffer {
  const input = new Fields(bytes, 'a packed block');
  const length = input.number();
  if (length > lengthMax) throw corrupt(`a packed block of ${length} bytes`);
  const output = Buffer.alloc(length);
  let filled = 0;
  while (!input.isAtEnd) {
    const tag = input.bytes(1).readUInt8();
    const piece = (tag & 3) === 0 ? literalAt(input, tag) : copyAt(input, tag);
    if (piece.length > length - filled) throw corrupt('a packed block longer than it says');
    if ('bytes' in piece) piece.bytes.copy(output, filled);
    else repeat(output, filled, piece);
    filled += piece.length;
  }
  if (filled !== length) throw corrupt('a packed block shorter than it says');
  return output;
}

interface Literal {
  readonly length: number;
  readonly bytes: Buffer;
}

interface Copy {
  readonly length: number;
  /** How far back it stands. */
  readonly distance: number;
}

function literalAt(input: Fields, tag: number): Literal {
  const code = tag >> 2;
  const length = 1 + (code < 60 ? code : littleEndian(input.bytes(code - 59)));
  return { length, bytes: input.bytes(length) };
}

function copyAt(input: Fields, tag: number): Copy {
  if ((tag & 3) === 1) {
    return { length: 4 + ((tag >> 2) & 7), distance: (tag >> 5) * 256 + littleEndian(input.bytes(1)) };
  }
  return { length: 1 + (tag >> 2), distance: littleEndian(input.bytes((tag & 3) === 2 ? 2 : 4)) };
}

const littleEndian = (bytes: Buffer): number => bytes.readUIntLE(0, bytes.length);

/** Byte by byte, since a copy may reach into itself: that is how snappy says "again and again". */
function repeat(output: Buffer, filled: number, { length, distance }: Copy): void {
  if (distance === 0 || distance > filled) throw corrupt('a packed block that refers to what is not there');
  for (let at = filled; at < filled + length; at += 1) output[at] = output[at - distance] ?? 0;
}
