import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { type Damage, damaged, pathsOf } from './damage.ts';
import type { Image } from './image.ts';
import { onClasses, onPlaces, type Planned } from './plan.ts';
import { makeSpecimens, type Specimen } from './specimens.ts';
import { type Before, type Verdict, verdictOn } from './verdict.ts';

/** `HOLDFAST_TEST_PAIRS=20000` draws that many pairs; their seed is fixed, so that a failure comes again. */
const pairs = Number(process.env['HOLDFAST_TEST_PAIRS'] ?? 200);

interface Subject {
  readonly specimen: Specimen;
  /** Drawn from by turns: there are ten times as many bytes as places. */
  readonly plans: readonly [readonly Planned[], readonly Planned[]];
}

let subjects: readonly Subject[];
beforeAll(async () => {
  const specimens = await makeSpecimens();
  subjects = specimens.map((specimen) => ({ specimen, plans: [onClasses(specimen), onPlaces(specimen)] }));
});

/**
 * The newer watermark and the newest write of the log are two witnesses of one thing: whoever loses both is believed
 * what the older watermark still knows, and that is all that two files can do.
 */
function vouchedFor({ image, chronicle }: Specimen, both: readonly Damage[]): Before {
  const paths = both.flatMap(pathsOf);
  const isBlind = paths.some((path) => path.startsWith('watermark')) && paths.some((path) => path.startsWith('log'));
  return { image, chronicle: isBlind ? { ...chronicle, floor: 0, isBlind } : chronicle };
}

/** Records and blocks are found while their file is still whole; so such a damage comes first, and just one of a kind. */
function inOrder(draws: readonly number[], plans: Subject['plans']): readonly Damage[] {
  const both = draws.flatMap((draw) => {
    const plan = plans[draw % 2] ?? [];
    const chosen = plan[(draw >> 1) % plan.length];
    return chosen === undefined ? [] : [chosen.damage];
  });
  const [first, ...others] = both.filter(({ kind }) => kind === 'pieces');
  return [...(first ? [first] : []), ...both.filter((damage) => damage.kind !== 'pieces' && !others.includes(damage))];
}

const stands = (image: Image, damage: Damage): boolean =>
  pathsOf(damage).every((path) =>
    [...image.keys()].some((file) => file === path || (file.startsWith(`${path}/`) && file !== `${path}/`)),
  );

async function verdictOnBoth(
  { specimen, plans }: Subject,
  draws: readonly number[],
): Promise<readonly [string, Verdict]> {
  const both = inOrder(draws, plans);
  let image = specimen.image;
  for (const damage of both) if (stands(image, damage)) image = damaged(image, damage, specimen);
  return [`${specimen.name}: ${JSON.stringify(both)}`, await verdictOn(image, vouchedFor(specimen, both))];
}

test('two damages at once are no way around what each alone would show (S96, S97)', {
  timeout: 3_600_000,
}, async () => {
  const draw = fc.nat({ max: 1_000_000 });
  const found: string[] = [];
  await fc.assert(
    fc.asyncProperty(draw, draw, draw, async (subject, first, second) => {
      const chosen = subjects[subject % subjects.length];
      if (chosen === undefined) throw new Error('no specimens');
      const [what, verdict] = await verdictOnBoth(chosen, [first, second]);
      if (verdict.kind === 'violation') found.push(`${what}: ${verdict.what}`);
    }),
    { numRuns: pairs, seed: 95 },
  );
  expect(found).toEqual([]);
});
