import { expect, test } from 'vitest';
import { onPlaces } from './plan.ts';
import { makeSpecimens } from './specimens.ts';
import { Survey } from './survey.ts';

test('a file, record, block or directory that is lost, doubled, exchanged or older is missed, or nothing is lost with it (S96, S97)', {
  timeout: 60_000,
}, async () => {
  const survey = new Survey();

  for (const [turn, specimen] of (await makeSpecimens()).entries()) {
    // What LevelDB keeps for itself is the same in all of them.
    const plan = onPlaces(specimen).filter(({ name }) => turn === 0 || !/LOG|LOCK|^lock/.test(name));
    await survey.run(specimen, plan);
  }

  expect(survey.violations).toEqual([]);
  expect(survey.total).toBeGreaterThan(700);
  for (const kind of ['log', 'table', 'identity.json', 'watermark.a', 'watermark.b']) {
    expect(survey.count('refused', new RegExp(`^${kind}`)), kind).toBeGreaterThan(0);
  }
});
