import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type Document, document, rowsOf, textAt } from '../docs/markdown.ts';
import { gapsIn, marksInTitles } from './scenarios.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

const heading = '## Scenarios that cannot apply to us';

/** Only that section of a document. */
function sectionOf(from: Document, title: string): Document {
  const text = from.text.split(`${title}\n`)[1]?.split('\n## ')[0] ?? '';
  return { ...from, text, prose: text };
}

const marksOf = (rows: readonly (readonly string[])[]): readonly string[] =>
  rows.flatMap(([first = '']) => (/^S\d{2,3}$/.test(first) ? [first] : []));

const sources = readdirSync(`${root}test`, { withFileTypes: true, recursive: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
  .map((entry) => `${entry.parentPath}/${entry.name}`.slice(root.length))
  // What is planted here is no test of a scenario.
  .filter((path) => !path.startsWith('test/repo/'))
  .map((path) => ({ path, text: textAt(path) }));

const scenarios = marksOf(rowsOf(document('docs/references.md')));
const rows = rowsOf(sectionOf(document('test/README.md'), heading));
const tested = new Set(sources.flatMap((source) => [...marksInTitles(source)]));

describe('every scenario of docs/references.md', () => {
  it('is the claim of a test, or a row of test/README.md says why it cannot be', () => {
    expect(scenarios.length).toBeGreaterThan(95);
    expect(gapsIn({ scenarios, tested, excused: new Set(marksOf(rows)) })).toEqual([]);
  });

  it('that has no test has a reason', () => {
    for (const [first = '', reason = ''] of rows.filter((row) => marksOf([row]).length > 0)) {
      expect(reason.length, first).toBeGreaterThan(40);
    }
  });
});

describe('a planted gap is reported', () => {
  const sound = { scenarios: ['S01', 'S02'], tested: new Set(['S01']), excused: new Set(['S02']) };

  it.each([
    ['a scenario without test and row', { excused: new Set<string>() }, 'S02 has neither a test nor a row'],
    [
      'a row for what has a test',
      { tested: new Set(['S01', 'S02']) },
      'S02 has a test and a row that says why it has none',
    ],
    [
      'a test of what is listed nowhere',
      { tested: new Set(['S01', 'S99']) },
      'S99 is no scenario that docs/references.md lists',
    ],
    [
      'a row for what is listed nowhere',
      { excused: new Set(['S02', 'S77']) },
      'S77 is no scenario that docs/references.md lists',
    ],
  ])('%s', (_what, gap, complaint) => {
    expect(gapsIn(sound)).toEqual([]);
    expect(gapsIn({ ...sound, ...gap })).toEqual([complaint]);
  });

  it('for a mark counts in titles only, however the test is called', () => {
    const text = [
      "it('one (S01)', () => {});",
      "test.each([['S05']])('two (S02, S03)', () => {});",
      "describe.skipIf(true)('three (S04)', () => {});",
      "expect('four (S06)').toBe('S07'); // S08",
      "it(nameOf('S09'), () => {});",
    ].join('\n');

    expect([...marksInTitles({ path: 'test/planted.test.ts', text })]).toEqual(['S01', 'S02', 'S03', 'S04']);
  });

  it('when the section of rows is renamed', () => {
    expect(rowsOf(sectionOf(document('test/README.md'), '## No such section'))).toEqual([]);
    expect(rows.length).toBeGreaterThan(2);
  });
});
