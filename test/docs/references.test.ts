import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { document, rowsOf, textAt } from './markdown.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

const sources = ['raft', 'storage', 'src', 'test', 'bench', 'examples']
  .flatMap((folder) =>
    readdirSync(`${root}${folder}`, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile() && /\.m?ts$/.test(entry.name))
      .map((entry) => `${entry.parentPath}/${entry.name}`.slice(root.length)),
  )
  .filter((path) => !path.startsWith('test/docs/') && !path.includes('/node_modules/'));

/** A mark of a scenario has at least two digits and a bracket or a blank around it; `S3` may be a name. */
const marksIn = (text: string): readonly string[] => [
  ...[...text.matchAll(/(?<=[\s(])(S\d{2,3}|I\d{1,2})(?=[\s),.:;-]|$)/gm)].map((match) => match[1] ?? ''),
];

const sectionsIn = (text: string): readonly string[] =>
  [...text.matchAll(/SEMANTICS (?:section )?(\d+)(?:\.(\d+))?/g)].map((match) => match[1] ?? '');

const explained = new Set(rowsOf(document('docs/references.md')).map(([mark]) => mark));

describe('a mark in a comment', () => {
  it('is explained', () => {
    const unexplained = sources.flatMap((path) =>
      marksIn(textAt(path)).flatMap((mark) => (explained.has(mark) ? [] : [`${path}: ${mark}`])),
    );

    expect(sources.length).toBeGreaterThan(100);
    expect(unexplained).toEqual([]);
  });

  it('of semantics leads to a section', () => {
    const { text } = document('docs/semantics.md');
    const lost = sources.flatMap((path) =>
      sectionsIn(textAt(path)).flatMap((section) =>
        text.includes(`\n## ${section}. `) ? [] : [`${path}: ${section}`],
      ),
    );

    expect(lost).toEqual([]);
  });

  it('is seen where one stands', () => {
    expect(marksIn('// As in S34, and (I3, I21).')).toEqual(['S34', 'I3', 'I21']);
    expect(sectionsIn('(SEMANTICS 6.3)')).toEqual(['6']);
  });
});
