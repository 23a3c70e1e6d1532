import { crc32c, maskedCrc } from './crc32c.ts';
import { corrupt } from './errors.ts';
import { Fields } from './fields.ts';
import { unpackSnappy } from './snappy.ts';

/** Where the index stands, and a magic number: the end of each table file. */
const footerBytes = 48;
const magic = Buffer.from('57fb808b247547db', 'hex');
/** After each block: how it is packed, and a checksum over block and that. */
const trailerBytes = 5;
const packed = 1;
/** An index larger than this is nothing that LevelDB made of files of our size. */
const indexBytesMax = 64 * 1024 * 1024;

interface Block {
  readonly offset: number;
  readonly size: number;
}

/**
 * Checks a whole table file of LevelDB: blocks without a gap from the first byte to the footer, each with its checksum.
 * LevelDB believes all of it unchecked: a rotten index or filter hides rows, and a rotten length can end the process.
 */
export function checkTableFile(file: Buffer, path: string): void {
  const footerAt = file.length - footerBytes;
  if (footerAt < 0 || !file.subarray(-magic.length).equals(magic)) throw corrupt(`${path} has no footer`);
  const footer = new Fields(file.subarray(footerAt, -magic.length), `the footer of ${path}`);
  const metaIndex = readHandle(footer);
  const index = readHandle(footer);
  while (!footer.isAtEnd) {
    if (footer.number() !== 0) throw corrupt(`${path} has a rotten footer`);
  }
  const body = { file, path };
  checkBlock(body, metaIndex);
  checkBlock(body, index);
  let end = 0;
  for (const block of blocksOf(body, index)) {
    if (block.offset !== end) throw corrupt(`${path} has a gap in its blocks at byte ${end}`);
    checkBlock(body, block);
    end = endOf(block);
  }
  // What stands between the rows and the index of the rest is the filter, if there is one.
  if (metaIndex.offset !== end) checkBlock(body, { offset: end, size: metaIndex.offset - end - trailerBytes });
  if (index.offset !== endOf(metaIndex) || footerAt !== endOf(index)) throw corrupt(`${path} has a rotten footer`);
}

interface Body {
  readonly file: Buffer;
  readonly path: string;
}

const endOf = ({ offset, size }: Block): number => offset + size + trailerBytes;

const readHandle = (fields: Fields): Block => ({ offset: fields.number(), size: fields.number() });

function checkBlock({ file, path }: Body, block: Block): void {
  const { offset, size } = block;
  if (size < 0 || endOf(block) > file.length - footerBytes) throw corrupt(`${path} refers to a block outside of it`);
  // The type is part of what is summed.
  const end = offset + size + 1;
  if (file.readUInt32LE(end) !== maskedCrc(crc32c(file, offset, end))) {
    throw corrupt(`${path} is damaged between bytes ${offset} and ${end}: a block that fails its checksum`);
  }
}

/** The blocks that an index of good checksum names, in its order. */
function blocksOf({ file, path }: Body, { offset, size }: Block): readonly Block[] {
  const stored = file.subarray(offset, offset + size);
  const bytes = file[offset + size] === packed ? unpackSnappy(stored, indexBytesMax) : stored;
  const what = `the index of ${path}`;
  if (bytes.length < 4) throw corrupt(`${what} is cut short`);
  // Restart points, 4 bytes each, and their number: they only shorten a search.
  const entriesEnd = bytes.length - 4 * (1 + bytes.readUInt32LE(bytes.length - 4));
  if (entriesEnd < 0) throw corrupt(`${what} is cut short`);
  const entries = new Fields(bytes.subarray(0, entriesEnd), what);
  const blocks: Block[] = [];
  while (!entries.isAtEnd) {
    entries.number();
    const keyBytes = entries.number();
    const handleBytes = entries.number();
    entries.bytes(keyBytes);
    blocks.push(readHandle(new Fields(entries.bytes(handleBytes), what)));
  }
  return blocks;
}
