import { unpackSnappy } from '../../../storage/snappy.ts';
import { fileIn, type Image, kindOf } from './image.ts';
import { batchParts, editParts, identityParts, Naming, type Part, type Region, watermarkParts } from './regions.ts';

const blockBytes = 32 * 1024;
const headerBytes = 7;

/** A record of LevelDB's log format: where it stands in the file, and where each stretch of its bytes does. */
export interface StoredRecord {
  readonly from: number;
  readonly to: number;
  /** Its fragments, the header of each included. */
  readonly fragments: readonly { readonly from: number; readonly to: number }[];
}

/** The records of a whole file in LevelDB's log format, and the padding of its blocks. */
export function recordsIn(file: Buffer): {
  readonly records: readonly StoredRecord[];
  readonly padding: readonly Part[];
} {
  const records: StoredRecord[] = [];
  const padding: Part[] = [];
  let fragments: { from: number; to: number }[] = [];
  for (let at = 0; at < file.length; ) {
    const room = blockBytes - (at % blockBytes);
    if (room < headerBytes) {
      padding.push({ name: 'padding of a block', from: at, to: at + room });
      at += room;
      continue;
    }
    const to = at + headerBytes + file.readUInt16LE(at + 4);
    const type = file.readUInt8(at + 6);
    fragments.push({ from: at, to });
    at = to;
    if (type !== 1 && type !== 4) continue;
    records.push({ from: fragments[0]?.from ?? 0, to, fragments });
    fragments = [];
  }
  return { records, padding };
}

/** Every stretch of bytes of `image` that means something, with the name of its class. */
export const regionsOf = (image: Image): readonly Region[] =>
  [...image.keys()].flatMap((file) =>
    partsOf(file, fileIn(image, file)).map((part) => ({ ...part, file, name: `${kindOf(file)}: ${part.name}` })),
  );

function partsOf(path: string, file: Buffer): readonly Part[] {
  const kind = kindOf(path);
  if (kind.startsWith('lock/') || file.length === 0) return [];
  if (kind === 'identity.json') return identityParts(file);
  if (kind.startsWith('watermark')) return watermarkParts;
  if (kind.endsWith('/write-ahead log')) return recordParts(file, batchParts);
  if (kind.endsWith('/MANIFEST')) return recordParts(file, editParts);
  if (kind.endsWith('/table file')) return tableParts(file);
  return [{ name: 'text', from: 0, to: file.length }];
}

function recordParts(file: Buffer, partsOfRecord: (record: Buffer) => readonly Part[]): readonly Part[] {
  const { records, padding } = recordsIn(file);
  return [
    ...padding,
    ...records.flatMap(({ fragments }) => [
      ...fragments.flatMap(headerParts),
      ...contentParts(file, fragments, partsOfRecord),
    ]),
  ];
}

function headerParts({ from }: { readonly from: number }): readonly Part[] {
  const naming = new Naming(from);
  naming.take('checksum of a fragment', 4);
  naming.take('length of a fragment', 2);
  naming.take('type of a fragment', 1);
  return naming.parts;
}

/** The parts of a record's bytes by their places in the file; one that is cut by a fragment's header is two. */
function contentParts(
  file: Buffer,
  fragments: StoredRecord['fragments'],
  partsOfRecord: (record: Buffer) => readonly Part[],
): readonly Part[] {
  const pieces = fragments.map(({ from, to }) => ({ from: from + headerBytes, to }));
  const parts = partsOfRecord(Buffer.concat(pieces.map(({ from, to }) => file.subarray(from, to))));
  let before = 0;
  return pieces.flatMap(({ from, to }) => {
    const shift = from - before;
    const within = parts
      .map(({ name, ...part }) => ({
        name,
        from: Math.max(from, part.from + shift),
        to: Math.min(to, part.to + shift),
      }))
      .filter((part) => part.from < part.to);
    before += to - from;
    return within;
  });
}

const trailerBytes = 5;
const footerBytes = 48;

/** A block of a table file without its trailer, by what it holds. */
export interface TableBlock {
  readonly name: 'rows' | 'filter' | 'index of the rest' | 'index';
  readonly from: number;
  readonly to: number;
}

/** The blocks of a whole table file, found from its footer and its index. */
export function blocksIn(file: Buffer): readonly TableBlock[] {
  const footer = new Naming(file.length - footerBytes);
  const [restAt = 0, restBytes = 0, indexAt = 0, indexBytes = 0] = [1, 2, 3, 4].map(() => footer.number('', file));
  const rows = rowBlocks(file, { from: indexAt, to: indexAt + indexBytes });
  const filterAt = (rows.at(-1)?.to ?? -trailerBytes) + trailerBytes;
  return [
    ...rows,
    ...(filterAt < restAt ? [{ name: 'filter' as const, from: filterAt, to: restAt - trailerBytes }] : []),
    { name: 'index of the rest', from: restAt, to: restAt + restBytes },
    { name: 'index', from: indexAt, to: indexAt + indexBytes },
  ];
}

function rowBlocks(file: Buffer, { from, to }: { readonly from: number; readonly to: number }): readonly TableBlock[] {
  const stored = file.subarray(from, to);
  const index = file[to] === 1 ? unpackSnappy(stored, 1024 * 1024) : stored;
  const end = index.length - 4 * (1 + index.readUInt32LE(index.length - 4));
  const naming = new Naming();
  const blocks: TableBlock[] = [];
  while (naming.at < end) {
    naming.number('shared', index);
    const keyBytes = naming.number('key bytes', index);
    naming.number('value bytes', index);
    naming.take('key', keyBytes);
    const at = naming.number('place', index);
    blocks.push({ name: 'rows', from: at, to: at + naming.number('size', index) });
  }
  return blocks;
}

function tableParts(file: Buffer): readonly Part[] {
  const naming = new Naming(file.length - footerBytes);
  for (const handle of ['index of the rest', 'index']) {
    naming.number(`place of the ${handle}`, file);
    naming.number(`size of the ${handle}`, file);
  }
  naming.take('padding of the footer', file.length - 8 - naming.at);
  naming.take('magic number', 8);
  const blocks = blocksIn(file).flatMap(({ name, from, to }) => [
    { name, from, to },
    { name: `type of ${name}`, from: to, to: to + 1 },
    { name: `checksum of ${name}`, from: to + 1, to: to + trailerBytes },
  ]);
  return [...blocks, ...naming.parts];
}
