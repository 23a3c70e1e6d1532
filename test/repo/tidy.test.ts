import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { floors } from './floors.ts';
import type { Source } from './source.ts';
import { tidy } from './tidy.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

const sourcesUnder = (folder: string): readonly string[] =>
  readdirSync(`${root}${folder}`, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.m?ts$/.test(entry.name))
    .map((entry) => `${entry.parentPath}/${entry.name}`.slice(root.length).replaceAll('\\', '/'))
    .filter((path) => !path.includes('/node_modules/'));

const paths = ['raft', 'storage', 'src', 'test', 'bench', 'examples']
  .filter((folder) => existsSync(`${root}${folder}`))
  .flatMap(sourcesUnder)
  .concat('vitest.config.ts');

const house: readonly Source[] = paths.map((path) => ({ path, text: readFileSync(`${root}${path}`, 'utf8') }));

describe('the house is tidy', () => {
  it('finds files on every floor that has a front door', () => {
    const inhabited = floors.filter((floor) => existsSync(`${root}${floor.door}`));

    expect(inhabited.length).toBeGreaterThan(3);
    for (const floor of inhabited) {
      expect(
        house.some(({ path }) => floor.owns(path)),
        floor.name,
      ).toBe(true);
    }
  });

  it('breaks no rule', () => {
    expect(tidy(house)).toEqual([]);
  });
});

/** What the rules say of one planted file, kept alive by its floor's door. */
const complaintsAbout = (path: string, text: string): readonly string[] =>
  tidy([{ path, text }]).filter((complaint) => !complaint.includes('nobody imports it'));

describe('a planted violation is reported', () => {
  it.each([
    ['an upward import', 'raft/core.ts', "import { keep } from '../storage/index.ts';"],
    ['an import between equals', 'raft/core.ts', "import type { Command } from '../src/table/index.ts';"],
    ['an import past the front door', 'storage/keys.ts', "import { Core } from '../raft/core.ts';"],
    ['values where types are allowed', 'src/node/disk.ts', "import { LevelStore } from '../../storage/index.ts';"],
    ['a re-export of values', 'src/index.ts', "export { Core } from '../raft/index.ts';"],
    ['a dynamic import', 'src/index.ts', "export const cli = () => import('./cli/main.ts');"],
    ['a package of another floor', 'storage/keys.ts', "import { Server } from '@grpc/grpc-js';"],
    ['a package of the command line', 'src/index.ts', "import { pino } from 'pino';"],
    ["Node's modules on a pure floor", 'src/table/rows.ts', "import { crc32 } from 'node:zlib';"],
    ['an import of a test', 'src/lock.ts', "import { world } from '../test/sim/world.ts';"],
  ])('%s', (_name, path, text) => {
    expect(complaintsAbout(path, text)).toHaveLength(1);
  });

  it.each([
    ['the wall clock', 'Date.now()'],
    ['the monotonic clock', 'performance.now()'],
    ['chance', 'Math.random()'],
    ['timers', 'setTimeout(() => {}, 1)'],
    ['the process', 'process.env'],
    ["the reader's language", "'a'.localeCompare('b')"],
    ["the reader's number format", '(1).toLocaleString()'],
    ['the garbage collector', 'new WeakRef({})'],
    ['waiting', 'async () => {}'],
  ])('%s on a pure floor', (_name, expression) => {
    const text = `export const planted = ${expression};`;

    expect(complaintsAbout('raft/core.ts', text)).toHaveLength(1);
    expect(complaintsAbout('src/clock/system-clock.ts', text)).toEqual([]);
  });

  it('a long file, a long function, a default export, an unfinished word', () => {
    const lines = (count: number) => '  x += 1;\n'.repeat(count);

    expect(complaintsAbout('src/lock.ts', '// a line\n'.repeat(321))).toHaveLength(1);
    expect(complaintsAbout('src/lock.ts', `export function f(x: number) {\n${lines(59)}}\n`)).toHaveLength(1);
    expect(complaintsAbout('src/lock.ts', 'export default class Lock {}\n')).toHaveLength(1);
    expect(complaintsAbout('src/lock.ts', `// ${'TO'}${'DO'}: later\n`)).toHaveLength(1);
  });

  it('a file that only its test imports', () => {
    const dead = tidy([
      { path: 'storage/forgotten.ts', text: 'export const forgotten = 1;' },
      { path: 'test/storage/forgotten.test.ts', text: "import { forgotten } from '../../storage/forgotten.ts';" },
    ]);

    expect(dead).toEqual(['storage/forgotten.ts: nobody imports it, and it is no entry']);
  });
});

describe('what is allowed is not reported', () => {
  it.each([
    ['types through the front door', 'src/node/disk.ts', "import type { Store } from '../../storage/index.ts';"],
    ['inline types', 'src/lock.ts', "import { type Entry } from '../raft/index.ts';"],
    ['its own folder', 'raft/core.ts', "import { Log } from './log.ts';"],
    ['its own package', 'storage/level-store.ts', "import { Level } from 'level';"],
    ['the composition root', 'src/holdfast.ts', "import { LevelStore } from '../storage/index.ts';"],
    ['words in comments and fields', 'raft/core.ts', '/** No Date. */\nexport const o = { random: 1, process: 2 };'],
    ['sixty lines', 'src/lock.ts', `export function f(x: number) {\n${'  x += 1;\n'.repeat(58)}}\n`],
  ])('%s', (_name, path, text) => {
    expect(complaintsAbout(path, text)).toEqual([]);
  });
});
