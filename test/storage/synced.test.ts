import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { lineOf, parse, type Source, visit } from '../repo/source.ts';

const folder = fileURLToPath(new URL('../../storage/', import.meta.url));

const sources: readonly Source[] = readdirSync(folder)
  .filter((name) => name.endsWith('.ts') && name !== 'memory-store.ts')
  .map((name) => ({ path: `storage/${name}`, text: readFileSync(`${folder}${name}`, 'utf8') }));

/** Calls that change a database at once, whatever they are given; a batch collects with the first two of these names. */
const direct = ['put', 'del', 'clear', 'batch'];

/** Places of `source` that could leave a database changed without a synced write. */
function unsyncedIn(source: Source): readonly string[] {
  const { tree } = parse(source);
  const found: string[] = [];
  visit(tree, (node) => {
    if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return;
    const { expression: owner, name } = node.expression;
    if (name.text !== 'write' && !direct.includes(name.text)) return;
    const isBatch = owner.getText(tree) === 'batch';
    const isDatabase = /(^|#|\.)database$/.test(owner.getText(tree));
    const options = node.arguments.map((argument) => argument.getText(tree)).join();
    const changes = isDatabase && direct.includes(name.text) && options !== '';
    const writes = isBatch && name.text === 'write' && options !== '{ sync: true }';
    if (changes || writes) found.push(`${source.path}:${lineOf(tree, node)}`);
  });
  return found;
}

/** How many synced batches a source writes. */
const syncedIn = ({ text }: Source): number => text.split('batch.write({ sync: true })').length - 1;

describe('the store', () => {
  it('relies on no unsynced write, for there is none (S101)', () => {
    expect(sources.reduce((sum, source) => sum + syncedIn(source), 0)).toBeGreaterThanOrEqual(3);
    expect(sources.flatMap(unsyncedIn)).toEqual([]);
  });

  it.each([
    ['a batch that is not synced', 'await batch.write();'],
    ['a batch that is synced now and then', 'await batch.write({ sync: isUrgent });'],
    ['a record of its own', 'await this.#database.put(key, value);'],
    ['a range that is cleared', 'await database.clear({ lt: key });'],
  ])('is found out if it has %s', (_what, text) => {
    expect(unsyncedIn({ path: 'storage/planted.ts', text })).toEqual(['storage/planted.ts:1']);
  });
});
