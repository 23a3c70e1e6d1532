import { LevelMachine } from '../level-machine.ts';
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
  tell: (scribe: Chronicler, acknowledged: () => void) => Promise<void>,
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
    await tell(scribe, acknowledged);
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
