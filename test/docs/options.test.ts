import { describe, expect, it } from 'vitest';
import { document, rowsOf, textAt } from './markdown.ts';

/** The options of an interface, of `src/options.ts` unless it stands elsewhere, with what their comments say. */
function optionsIn(name: string, file = 'src/options.ts'): ReadonlyMap<string, string> {
  const body = new RegExp(`^export interface ${name} \\{\\n([\\s\\S]*?)^\\}`, 'm').exec(textAt(file))?.[1];
  if (body === undefined) throw new Error(`there is no interface ${name}`);
  const pairs = [...body.matchAll(/(?:\/\*\*([\s\S]*?)\*\/\s*)?readonly (\w+)\??:/g)];
  return new Map(pairs.map((match) => [match[2] ?? '', match[1] ?? '']));
}

const rows = rowsOf(document('docs/operations.md'));

const rowsWithOption = (names: ReadonlySet<string>): readonly (readonly string[])[] =>
  rows.filter((row) => names.has((row[0] ?? '').replaceAll('`', '')));

const numbersIn = (text: string): readonly string[] => [...text.matchAll(/\d[\d,]*/g)].map((match) => match[0]);

describe('the table of options', () => {
  it.each(['HoldfastOptions', 'ConnectOptions', 'LimitOptions'])('has a row for each of %s', (name) => {
    const options = optionsIn(name);

    expect(options.size).toBeGreaterThan(3);
    for (const option of options.keys()) {
      expect(rowsWithOption(new Set([option])).length, option).toBeGreaterThan(0);
    }
  });

  it('has no row for what is no option', () => {
    const known = new Set(
      ['HoldfastOptions', 'ConnectOptions', 'LimitOptions'].flatMap((name) => [...optionsIn(name).keys()]),
    );
    const { text } = document('docs/operations.md');
    const section = text.slice(text.indexOf('## Options'), text.indexOf('## Ports'));
    const told = [...section.matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1] ?? '');

    expect(told.length).toBeGreaterThan(20);
    expect(told.filter((option) => !known.has(option))).toEqual([]);
  });

  it('gives the numbers that the code gives', () => {
    const options = optionsIn('HoldfastOptions');
    for (const option of ['sessionTtl', 'heartbeatInterval', 'electionTimeout', 'readyTimeout', 'closeTimeout']) {
      const told = rowsWithOption(new Set([option]))[0]?.join(' ') ?? '';
      const missing = numbersIn(options.get(option) ?? '').filter((number) => !told.includes(number));

      expect(
        missing.filter((number) => number !== '200'),
        option,
      ).toEqual([]);
    }
  });

  it('of a test cluster has a row for each, and no other', () => {
    const options = optionsIn('TestClusterOptions', 'src/testing/test-cluster-options.ts');
    const told = [...document('docs/testing.md').text.matchAll(/^\| `(\w+)` \|(?:[^|]*\|){4}$/gm)].map(
      (match) => match[1],
    );

    expect(told).toEqual([...options.keys()]);
  });
});
