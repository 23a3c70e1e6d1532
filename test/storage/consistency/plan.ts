import { regionsOf } from './byte-classes.ts';
import { type Damage, piecesOf } from './damage.ts';
import { fileIn, type Image, kindOf } from './image.ts';
import type { Region } from './regions.ts';
import type { Specimen } from './specimens.ts';

/** A damage, and the class of bytes or the kind of place that it hits. */
export interface Planned {
  readonly name: string;
  readonly damage: Damage;
}

/** The operations on a byte, whatever stands there. */
export const onByte = (file: string, at: number): readonly Damage[] => [
  { kind: 'flip', file, at, bit: at % 8 },
  { kind: 'cut', file, at },
  { kind: 'zero', file, at, bytes: 1 },
  { kind: 'zero', file, at, bytes: 512 },
  { kind: 'zero', file, at, bytes: 4_096 },
];

/** Each operation on some bytes of every class: of its first stretch and of its last, and of one between. */
export function onClasses({ image }: Specimen): readonly Planned[] {
  const byName = new Map<string, Region[]>();
  for (const region of regionsOf(image)) byName.set(region.name, [...(byName.get(region.name) ?? []), region]);
  return [...byName].flatMap(([name, regions]) =>
    placesIn(regions).flatMap(({ file, at }) => onByte(file, at).map((damage) => ({ name, damage }))),
  );
}

function placesIn(regions: readonly Region[]): readonly { readonly file: string; readonly at: number }[] {
  const [first, middle, last] = [regions[0], regions[regions.length >> 1], regions.at(-1)];
  const places = [
    first && { file: first.file, at: first.from },
    middle && { file: middle.file, at: (middle.from + middle.to) >> 1 },
    last && { file: last.file, at: last.to - 1 },
  ].filter((place) => place !== undefined);
  return places.filter(
    ({ file, at }, place) => places.findIndex((one) => one.file === file && one.at === at) === place,
  );
}

/** Each operation on each byte of the files of one specimen. */
export function onEveryByte({ image }: Specimen): readonly Planned[] {
  const names = new Map<string, string>();
  for (const { file, name, from, to } of regionsOf(image)) {
    for (let at = from; at < to; at += 1) names.set(`${file}:${at}`, name);
  }
  return filesOf(image).flatMap((file) =>
    Array.from({ length: fileIn(image, file).length }, (_, at) => at).flatMap((at) => {
      const name = names.get(`${file}:${at}`) ?? `${kindOf(file)}: unnamed`;
      const flips = Array.from({ length: 8 }, (_, bit): Damage => ({ kind: 'flip', file, at, bit }));
      const others = onByte(file, at).filter(
        (damage) => damage.kind === 'cut' || (damage.kind === 'zero' && damage.bytes === 1),
      );
      return [...flips, ...others].map((damage) => ({ name, damage }));
    }),
  );
}

/** Files of which anything depends; what locks the directory and LevelDB's own diary are not among them. */
const filesOf = (image: Image): readonly string[] =>
  [...image.keys()].filter((path) => !path.startsWith('lock/') && !path.endsWith('/LOG.old'));

/** What can happen to a file as a whole, to its records and blocks, and to directories. */
export function onPlaces(specimen: Specimen): readonly Planned[] {
  const { image, earlier } = specimen;
  const files = filesOf(image);
  const folders = [
    ...new Set([...image.keys()].filter((path) => path.includes('/')).map((path) => path.replace(/\/.*/, ''))),
  ];
  return [
    ...files.flatMap((file) => onFile(file, image)),
    ...files.filter((file) => earlier.has(file)).map((path) => planned({ kind: 'earlier', path }, kindOf(path))),
    ...neighbours(files),
    ...folders.flatMap((path) => {
      const kind = path.replace(/-\d+$/, '');
      return [planned({ kind: 'drop', path }, kind), planned({ kind: 'earlier', path }, kind)];
    }),
    planned(
      { kind: 'exchange', path: 'log', other: folders.find((folder) => folder.startsWith('table-')) ?? 'lock' },
      'log',
    ),
    planned({ kind: 'exchange', path: 'watermark.a', other: 'watermark.b' }, 'watermark.a'),
    planned({ kind: 'blank identity' }, 'identity.json'),
  ];
}

const planned = (damage: Damage, kind: string): Planned => ({ name: `${kind}: as a whole`, damage });

function onFile(file: string, image: Image): readonly Planned[] {
  const kind = kindOf(file);
  const bytes = fileIn(image, file);
  const whole: readonly Damage[] = [
    { kind: 'drop', path: file },
    { kind: 'empty', path: file },
    { kind: 'directory', path: file },
    { kind: 'append', file, what: 'zeros' },
    { kind: 'append', file, what: 'noise' },
    { kind: 'append', file, what: 'its own beginning' },
    ...(bytes.length > 8_192 ? [{ kind: 'lose', file, at: bytes.length >> 1, bytes: 4_096 } as const] : []),
    ...(/\d+\.log$/.test(file)
      ? [{ kind: 'copy', path: file, as: file.replace(/\d+\.log$/, '900001.log') } as const]
      : []),
  ];
  const isOfPieces = /write-ahead log|MANIFEST|table file/.test(kind) && bytes.length > 0;
  return [
    ...whole.map((damage) => planned(damage, kind)),
    ...(isOfPieces ? (['records', 'blocks'] as const).flatMap((of) => onPieces(file, bytes, of)) : []),
  ];
}

function onPieces(file: string, bytes: Buffer, of: 'records' | 'blocks'): readonly Planned[] {
  const count = piecesOf(file, bytes, of).length;
  const places = [...new Set([0, count >> 1, count - 2, count - 1])].filter((at) => at >= 0 && at < count);
  return places.flatMap((at) =>
    (['drop', 'swap', 'repeat', 'move to the end'] as const)
      .filter((act) => act === 'drop' || act === 'repeat' || at + 1 < count)
      .map((act) => ({ name: `${kindOf(file)}: ${of}`, damage: { kind: 'pieces', file, of, act, at } as const })),
  );
}

/** Files of one kind in one directory change places. */
function neighbours(files: readonly string[]): readonly Planned[] {
  return files.flatMap((path, place) => {
    const other = files.slice(place + 1).find((file) => kindOf(file) === kindOf(path) && /\d/.test(file));
    return other === undefined ? [] : [planned({ kind: 'exchange', path, other }, kindOf(path))];
  });
}
