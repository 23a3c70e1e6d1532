import { endOf, LevelMachine } from '../level-machine.ts';
import { asked, genesis } from '../samples.ts';
import { type Chronicle, Chronicler } from './chronicle.ts';
import { changed, type Image, imageOf } from './image.ts';
import { type Before, never } from './verdict.ts';

/** A directory right after an acknowledgement, and all that was acknowledged until then. */
export interface Moment {
  readonly image: Image;
  readonly chronicle: Chronicle;
}

/** Lets `tell` happen to a new member; a copy of its directory is taken whenever it says `acknowledged`. */
export async function momentsOf(
  tell: (scribe: Chronicler, acknowledged: () => void, machine: LevelMachine) => Promise<void>,
  writeBufferBytes?: number,
): Promise<readonly Moment[]> {
  const machine = await LevelMachine.make({ after: never, ...(writeBufferBytes && { writeBufferBytes }) });
  try {
    const { store } = await machine.open();
    await asked((done) => store.form(genesis, done));
    const scribe = new Chronicler(store);
    const moments: Moment[] = [];
    const acknowledged = (): void => {
      moments.push({ image: imageOf(machine.dataDir), chronicle: scribe.sofar });
    };
    acknowledged();
    await tell(scribe, acknowledged, machine);
    return moments;
  } finally {
    await machine.remove();
  }
}

/** All neighbours among `moments`: a crash falls between two of them. */
export const intervals = (moments: readonly Moment[]): readonly (readonly [Moment, Moment])[] =>
  moments.slice(1).map((after, place) => [moments[place] ?? after, after] as const);

/** What a crash between two moments is judged by: what the first promised must be there, what came with the second may. */
export const between = ([before, after]: readonly [Moment, Moment]): Before => ({
  image: after.image,
  chronicle: {
    logs: after.chronicle.logs,
    tables: after.chronicle.tables,
    floor: before.chronicle.floor,
    acknowledged: before.chronicle.acknowledged,
    checkpointed: before.chronicle.checkpointed,
  },
});

/** Files that count and that the time between the two has made, changed or removed. */
export const touched = ([before, after]: readonly [Moment, Moment]): readonly string[] =>
  [...new Set([...before.image.keys(), ...after.image.keys()])].filter((path) => {
    if (/^lock\/|\/LOG(\.old)?$/.test(path)) return false;
    const [old, now] = [before.image.get(path), after.image.get(path)];
    return old === undefined || now === undefined || !old.equals(now);
  });

/** The first directory, with those of `paths` as they are in the second. */
export const mixed = ([before, after]: readonly [Moment, Moment], paths: readonly string[]): Image =>
  changed(before.image, new Map(paths.map((path) => [path, after.image.get(path)])));

const sectorBytes = 512;
const segmentOf = (path: string): number => Number(/^log\/segment-(\d+)$/.exec(path)?.[1] ?? 0);

/** What a crash may have left of the one write to the log that falls between the two: any of its sectors is missing. */
export function tornWrites(pair: readonly [Moment, Moment]): readonly Image[] {
  const [before, after] = pair;
  const written = touched(pair).filter((path) => (after.image.get(path) ?? Buffer.alloc(0)).some((byte) => byte !== 0));
  const path = written.findLast((one) => segmentOf(one) > 0);
  if (path === undefined) return [];
  const file = after.image.get(path) ?? Buffer.alloc(0);
  const former = before.image.get(path) ?? Buffer.alloc(0);
  const from = isEmpty(former) ? 0 : endOf(former);
  const end = endOf(file);
  const image = atThatWrite(pair, path);
  return patterns((end - from) / sectorBytes).map((isMissing) => {
    const torn = Buffer.from(file);
    for (let at = from; at < end; at += sectorBytes) {
      if (isMissing((at - from) / sectorBytes)) torn.fill(0, at, at + sectorBytes);
    }
    return changed(image, new Map([[path, torn]]));
  });
}

const isEmpty = (file: Buffer): boolean => file.every((byte) => byte === 0);

/** The first directory with the files of the log as they were when the write to `path` began: the one after is a name. */
function atThatWrite([before, after]: readonly [Moment, Moment], path: string): Image {
  const changes = new Map<string, Buffer | undefined>();
  for (const file of new Set([...before.image.keys(), ...after.image.keys()])) {
    const ahead = segmentOf(file) - segmentOf(path);
    if (segmentOf(file) === 0 || ahead === 0) continue;
    // A file that the write has made superfluous was there all the time.
    if (ahead < 0) changes.set(file, after.image.get(file) ?? before.image.get(file));
    if (ahead > 0) changes.set(file, ahead === 1 ? Buffer.alloc(0) : undefined);
  }
  return changed(before.image, changes);
}

/** Which of `count` sectors are missing: none before or after a place, only one, every other one, all. */
function patterns(count: number): readonly ((sector: number) => boolean)[] {
  const places = [...new Set([0, 1, 2, 3, count >> 1, count - 2, count - 1])].filter((at) => at >= 0 && at < count);
  return [
    () => true,
    (sector) => sector % 2 === 0,
    (sector) => sector % 2 === 1,
    ...places.flatMap((place) => [
      (sector: number) => sector === place,
      (sector: number) => sector !== place,
      (sector: number) => sector >= place,
      (sector: number) => sector < place,
    ]),
  ];
}
