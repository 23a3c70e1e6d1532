import { describe, expect, it } from 'vitest';
import { document, isThere, textAt } from './markdown.ts';

/** A file in backticks with the name that stands right behind it, as in `src/lock.ts` `DistributedLock.acquire`. */
const placesIn = (prose: string): readonly { readonly file: string; readonly name: string }[] =>
  [...prose.matchAll(/`([\w/-]+\.ts)`\s+`(\w+(?:\.\w+)?)`/g)].map((match) => ({
    file: match[1] ?? '',
    name: match[2] ?? '',
  }));

/** A class is declared there, and the member too; or a function of that name. */
function isDeclared(file: string, name: string): boolean {
  const text = textAt(file);
  const [first = '', member] = name.split('.');
  const declares = (word: string): boolean =>
    new RegExp(`^(?:export )?(?:abstract )?(?:async )?(?:class|function\\*?|const) ${word}\\b`, 'm').test(text);
  if (!declares(first)) return false;
  return (
    member === undefined || new RegExp(`^ +(?:static |async |override |get )*${member}(?:<[^>]*>)?\\(`, 'm').test(text)
  );
}

const { prose } = document('docs/walkthrough.md');

describe('the walkthrough', () => {
  it('names functions that are where it says', () => {
    const places = placesIn(prose);
    const lost = places.filter(({ file, name }) => !isThere(file) || !isDeclared(file, name));

    expect(places.length).toBeGreaterThan(30);
    expect(lost).toEqual([]);
  });

  it('would be found out if it did not', () => {
    expect(isDeclared('src/lock.ts', 'DistributedLock.acquire')).toBe(true);
    expect(isDeclared('src/lock.ts', 'DistributedLock.seize')).toBe(false);
    expect(isDeclared('raft/quorum.ts', 'reachedByNobody')).toBe(false);
  });
});
