import { blocksIn, recordsIn } from './byte-classes.ts';
import { changed, fileIn, type Image, kindOf } from './image.ts';
import type { Specimen } from './specimens.ts';

/** One thing that can happen to the bytes of a directory while nobody looks. */
export type Damage =
  | { readonly kind: 'flip'; readonly file: string; readonly at: number; readonly bit: number }
  | { readonly kind: 'zero'; readonly file: string; readonly at: number; readonly bytes: 1 | 512 | 4_096 }
  | { readonly kind: 'cut'; readonly file: string; readonly at: number }
  /** The piece around `at` of that size is gone, what follows moves up. */
  | { readonly kind: 'lose'; readonly file: string; readonly at: number; readonly bytes: number }
  | { readonly kind: 'append'; readonly file: string; readonly what: 'zeros' | 'noise' | 'its own beginning' }
  | {
      readonly kind: 'pieces';
      readonly file: string;
      readonly of: 'records' | 'blocks';
      readonly act: 'drop' | 'swap' | 'repeat' | 'move to the end';
      readonly at: number;
    }
  | { readonly kind: 'drop'; readonly path: string }
  | { readonly kind: 'empty'; readonly path: string }
  | { readonly kind: 'directory'; readonly path: string }
  | { readonly kind: 'exchange'; readonly path: string; readonly other: string }
  | { readonly kind: 'copy'; readonly path: string; readonly as: string }
  | { readonly kind: 'earlier'; readonly path: string }
  | { readonly kind: 'blank identity' };

/** The paths that `damage` needs to be there. */
export function pathsOf(damage: Damage): readonly string[] {
  if (damage.kind === 'blank identity') return ['identity.json'];
  if (damage.kind === 'exchange') return [damage.path, damage.other];
  return ['path' in damage ? damage.path : damage.file];
}

/** `image` after `damage`; the specimen tells what it was earlier. */
export function damaged(image: Image, damage: Damage, { earlier, blankIdentity }: Specimen): Image {
  const edit = (path: string, bytes: Buffer | undefined): Image => changed(image, new Map([[path, bytes]]));
  switch (damage.kind) {
    case 'flip':
    case 'zero':
    case 'cut':
    case 'lose':
    case 'append':
      return edit(damage.file, bytesAfter(fileIn(image, damage.file), damage));
    case 'pieces':
      return edit(damage.file, rearranged(fileIn(image, damage.file), damage));
    case 'drop':
      return replaced(image, damage.path, new Map());
    case 'empty':
      return edit(damage.path, Buffer.alloc(0));
    case 'directory':
      return changed(
        image,
        new Map([
          [damage.path, undefined],
          [`${damage.path}/`, Buffer.alloc(0)],
        ]),
      );
    case 'exchange':
      return exchanged(image, damage.path, damage.other);
    case 'copy':
      return edit(damage.as, fileIn(image, damage.path));
    case 'earlier':
      return replaced(image, damage.path, within(earlier, damage.path));
    case 'blank identity':
      return edit('identity.json', blankIdentity);
    default:
      return damage satisfies never;
  }
}

type InPlace = Extract<Damage, { readonly kind: 'flip' | 'zero' | 'cut' | 'lose' | 'append' }>;

function bytesAfter(file: Buffer, damage: InPlace): Buffer {
  const bytes = Buffer.from(file);
  switch (damage.kind) {
    case 'flip':
      bytes[damage.at] = (bytes[damage.at] ?? 0) ^ (1 << damage.bit);
      return bytes;
    case 'zero': {
      const from = damage.at - (damage.at % damage.bytes);
      return bytes.fill(0, from, Math.min(bytes.length, from + damage.bytes));
    }
    case 'cut':
      return bytes.subarray(0, damage.at);
    case 'lose': {
      const from = damage.at - (damage.at % damage.bytes);
      return Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + damage.bytes)]);
    }
    case 'append':
      return Buffer.concat([bytes, tailOf(bytes, damage.what)]);
    default:
      return damage satisfies never;
  }
}

function tailOf(file: Buffer, what: Extract<Damage, { readonly kind: 'append' }>['what']): Buffer {
  if (what === 'zeros') return Buffer.alloc(700);
  if (what === 'noise') return Buffer.from(new Uint8Array(700).map((_, at) => (at * 197 + 41) % 251));
  return file.subarray(0, 700);
}

interface Piece {
  readonly from: number;
  readonly to: number;
}

/** The records of a log, or the blocks of a log or of a table file with their trailers. */
export function piecesOf(path: string, file: Buffer, of: 'records' | 'blocks'): readonly Piece[] {
  if (kindOf(path).endsWith('table file')) {
    return of === 'records' ? [] : blocksIn(file).map(({ from, to }) => ({ from, to: to + 5 }));
  }
  if (of === 'records') return recordsIn(file).records;
  const count = Math.ceil(file.length / 32_768);
  return Array.from({ length: count }, (_, block) => ({
    from: block * 32_768,
    to: Math.min(file.length, (block + 1) * 32_768),
  }));
}

function rearranged(file: Buffer, { file: path, of, act, at }: Extract<Damage, { readonly kind: 'pieces' }>): Buffer {
  const pieces = piecesOf(path, file, of);
  const [one, two] = [pieces[at], pieces[at + 1]];
  if (one === undefined) throw new Error(`${path} has ${pieces.length} ${of}`);
  const cut = (piece: Piece): Buffer => file.subarray(piece.from, piece.to);
  const before = file.subarray(0, one.from);
  const after = file.subarray(one.to);
  switch (act) {
    case 'drop':
      return Buffer.concat([before, after]);
    case 'repeat':
      return Buffer.concat([before, cut(one), cut(one), after]);
    case 'move to the end':
      return Buffer.concat([before, after, cut(one)]);
    case 'swap':
      if (two === undefined) throw new Error(`${path} has no two ${of} at ${at}`);
      return Buffer.concat([before, cut(two), cut(one), file.subarray(two.to)]);
    default:
      return act satisfies never;
  }
}

const isWithin = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);

/** What is at `path` and below it. */
const within = (image: Image, path: string): Image => new Map([...image].filter(([file]) => isWithin(file, path)));

/** `image` with `contents` instead of all that is at `path` and below it. */
const replaced = (image: Image, path: string, contents: Image): Image =>
  new Map([...[...image].filter(([file]) => !isWithin(file, path)), ...contents]);

function exchanged(image: Image, path: string, other: string): Image {
  const renamed = (from: string, to: string): Image =>
    new Map([...within(image, from)].map(([file, bytes]) => [to + file.slice(from.length), bytes]));
  return replaced(replaced(image, path, renamed(other, path)), other, renamed(path, other));
}
