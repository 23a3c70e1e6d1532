import { beforeAll, describe, expect, test } from 'vitest';
import { LevelMachine } from '../level-machine.ts';
import { asked, entriesAfter, genesis, start } from '../samples.ts';
import { Chronicler } from './chronicle.ts';
import { changed, type Image } from './image.ts';
import { between, intervals, type Moment, mixed, momentsOf, touched } from './moments.ts';
import { never, type Verdict, verdictOn } from './verdict.ts';

const termOne = { term: 1, votedFor: 'a/1' };

/** A life with everything in it that a store does, with a copy after every step. */
let life: readonly Moment[];
beforeAll(async () => {
  const sender = await LevelMachine.make({ after: never });
  const { store } = await sender.open();
  await asked((done) => store.form(genesis, done));
  const other = new Chronicler(store);
  await other.write({ hardState: termOne, entries: entriesAfter(start, 90) });
  const rows = { new: 'row', other: 'row'.repeat(40) };
  await other.checkpoint(other.at(85), rows);
  life = await momentsOf(async (scribe, acknowledged) => {
    const step = async (act: () => Promise<unknown>): Promise<void> => {
      await act();
      acknowledged();
    };
    await step(() => scribe.write({ hardState: termOne }));
    await step(() => scribe.write({ entries: entriesAfter(start, 60, { bytes: 40 }) }));
    await step(() => scribe.write({ truncateFrom: 51 }));
    const second = entriesAfter(scribe.at(45), 20, { term: 2 });
    await step(() => scribe.write({ hardState: { term: 2, votedFor: undefined }, truncateFrom: 46, entries: second }));
    await step(() => scribe.checkpoint(scribe.at(50), { old: 'row', gone: 'soon' }));
    await step(() => scribe.checkpoint(scribe.at(60), { gone: undefined, more: 'rows' }));
    await step(() => scribe.write({ base: scribe.at(55) }));
    await step(() => scribe.write({ hardState: { term: 3, votedFor: 'b/1' } }));
    await step(() => scribe.write({ entries: entriesAfter(scribe.last, 2, { term: 3 }) }));
    // Whoever still reads the old table keeps it on the disk.
    scribe.store.readSnapshot();
    const head = await scribe.receive(store);
    acknowledged();
    await step(() => scribe.install(head, rows));
    await step(() => scribe.write({ entries: entriesAfter(scribe.last, 1, { term: 3 }) }));
  });
  await sender.remove();
});

async function verdicts(images: readonly Image[], pair: readonly [Moment, Moment]): Promise<readonly Verdict[]> {
  const found: Verdict[] = [];
  for (const image of images) found.push(await verdictOn(image, between(pair)));
  return found;
}

const subsetsOf = (paths: readonly string[]): readonly (readonly string[])[] =>
  Array.from({ length: 2 ** paths.length }, (_, bits) => paths.filter((_path, place) => (bits >> place) % 2 === 1));

const violationsIn = (found: readonly Verdict[]): readonly Verdict[] =>
  found.filter(({ kind }) => kind === 'violation');

describe('a crash between two acknowledgements', () => {
  test('finds in the files themselves all that was acknowledged, with nothing still to come (S101)', async () => {
    for (const { image, chronicle } of life) {
      expect(await verdictOn(image, { image, chronicle })).toEqual({ kind: 'whole' });
    }
  });

  test('leaves the one or the other, whichever of the files reached the disk (S64, S80)', async () => {
    const refusals: number[] = [];
    for (const pair of intervals(life)) {
      const paths = touched(pair);
      const found = await verdicts(
        subsetsOf(paths.slice(0, 6)).map((set) => mixed(pair, set)),
        pair,
      );

      expect(violationsIn(found)).toEqual([]);
      expect(found.filter(({ kind }) => kind === 'tail lost')).toEqual([]);
      refusals.push(found.filter(({ kind }) => kind === 'refused').length);
    }
    // A watermark before its log, which the order of syncs rules out, is noticed.
    expect(Math.max(...refusals)).toBeGreaterThan(0);
  });

  test('leaves the one or the other wherever it cuts what LevelDB was writing (S80, S95)', async () => {
    let cuts = 0;
    for (const pair of intervals(life)) {
      for (const path of touched(pair).filter((file) => /^(log|table-\d+)\/\d+\.log$/.test(file))) {
        const images = tornBetween(pair, path);
        const found = await verdicts(images, pair);

        expect(found.filter(({ kind }) => kind !== 'whole')).toEqual([]);
        cuts += images.length;
      }
    }
    expect(cuts).toBeGreaterThan(100);
  });

  test('in the middle of a watermark leaves a member, since the other one is whole', async () => {
    for (const pair of intervals(life)) {
      for (const path of touched(pair).filter((file) => file.startsWith('watermark'))) {
        const bytes = pair[1].image.get(path) ?? Buffer.alloc(0);
        const torn = [0, 1, 40, 1_023].map((at) => bytes.subarray(0, at)).concat(Buffer.alloc(bytes.length));
        const logs = touched(pair).filter((file) => file !== path);
        const images = torn.map((half) => changed(mixed(pair, logs), new Map([[path, half]])));

        expect(new Set((await verdicts(images, pair)).map(({ kind }) => kind))).toEqual(new Set(['whole']));
      }
    }
  });
});

/** Parts of what was appended to `path`: cut short, with zeros for the rest, or with a page of zeros in it. */
function tornBetween(pair: readonly [Moment, Moment], path: string): readonly Image[] {
  const [before, after] = pair;
  const length = before.image.get(path)?.length ?? 0;
  const grown = after.image.get(path) ?? Buffer.alloc(0);
  const count = grown.length - length;
  const places = Array.from({ length: 7 }, (_, part) => length + Math.floor((count * part) / 7)).concat(
    grown.length - 1,
  );
  return places.flatMap((at) => {
    const cut = grown.subarray(0, at);
    const zeros = Buffer.concat([cut, Buffer.alloc(grown.length - at)]);
    return [cut, zeros].map((torn) => changed(before.image, new Map([[path, torn]])));
  });
}
