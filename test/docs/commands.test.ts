import { describe, expect, it } from 'vitest';
import { blocksOf, type Document, documents, spansOf, textAt } from './markdown.ts';

/** What documents tell people to type: lines of shell blocks, and what stands in backticks. */
const typedIn = (from: Document): readonly string[] => [
  ...blocksOf(from)
    .filter(({ language }) => language === 'sh')
    .flatMap(({ code }) => code.replaceAll('\\\n', ' ').split('\n'))
    .flatMap((line) => line.replace(/\s+#.*$/, '').split('&&')),
  ...spansOf(from),
];

const typed = documents.flatMap((from) => typedIn(from).map((line) => ({ path: from.path, line: line.trim() })));

/** `npm test` and `npm run x`; what npm does by itself is not ours. */
const scriptIn = (line: string): string | undefined => /^npm (?:run )?(?!ci\b|run\b)([\w:]+)/.exec(line)?.[1];

const commandIn = (line: string): string | undefined =>
  /^(?:holdfast|docker compose run --rm client) ([a-z]+)/.exec(line)?.[1];

const flagsIn = (line: string): readonly string[] =>
  [...(line.split(' -- ')[0] ?? '').matchAll(/ (--[a-z-]+)/g)]
    .map((match) => match[1] ?? '')
    .filter((flag) => flag !== '--rm');

/** The texts that say which commands there are, one declaration each: the program itself only runs where it was built. */
const declarations = ['program', 'holding', 'flags'].flatMap((name) =>
  textAt(`src/cli/${name}.ts`).split(/^(?=(?:export )?(?:function|const) )/m),
);

const optionsIn = (declaration: string): readonly string[] =>
  [...declaration.matchAll(/(?:option|Option)\(\s*'(--[a-z-]+)/g)].map((match) => match[1] ?? '');

const sharedBy = (declaration: string): readonly string[] =>
  ['addClientFlags', 'addJson', 'addOperatorFlags']
    .filter((helper) => declaration.includes(`${helper}(`))
    .flatMap((helper) =>
      declarations.filter((each) => new RegExp(`^(?:export )?(?:function|const) ${helper}\\b`).test(each)),
    )
    .flatMap(optionsIn);

const commands: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  declarations.flatMap((declaration) => {
    const name = /\.command\('(\w+)'\)/.exec(declaration)?.[1];
    if (name === undefined) return [];
    return [[name, new Set(['--help', ...optionsIn(declaration), ...sharedBy(declaration)])] as const];
  }),
);

describe('documents tell people to type', () => {
  it('scripts that package.json has', () => {
    const { scripts }: { readonly scripts: Readonly<Record<string, string>> } = JSON.parse(textAt('package.json'));
    const told = typed.flatMap(({ path, line }) => {
      const script = scriptIn(line);
      return script === undefined ? [] : [{ path, script }];
    });

    expect(told.length).toBeGreaterThan(5);
    expect(told.filter(({ script }) => scripts[script] === undefined)).toEqual([]);
  });

  it('commands and flags that holdfast has', () => {
    const told = typed.flatMap(({ path, line }) => {
      const command = commandIn(line);
      return command === undefined ? [] : [{ path, line, command }];
    });
    const unknown = told.filter(({ command, line }) => {
      const flags = commands.get(command);
      return flags === undefined || flagsIn(line).some((flag) => !flags.has(flag));
    });

    expect(told.length).toBeGreaterThan(8);
    expect(unknown).toEqual([]);
  });

  it('and see it when one is not there', () => {
    expect(commandIn('holdfast seize x --now')).toBe('seize');
    expect(commands.has('seize')).toBe(false);
    expect(flagsIn('holdfast lock x --timeout 5s -- rm --force')).toEqual(['--timeout']);
    expect(scriptIn('npm run lint')).toBe('lint');
    expect(scriptIn('npm ci')).toBeUndefined();
  });
});
