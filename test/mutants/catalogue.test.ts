import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { catalogue } from './catalogue.ts';
import { planted } from './plant.ts';

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

describe('the catalogue of mutants', () => {
  it.each(catalogue)('$id fits the sources as they are', (mutant) => {
    const source = readFileSync(at(mutant.file), 'utf8');

    expect(planted(mutant, source)).not.toBe(source);
    for (const path of mutant.killer.tests) expect(existsSync(at(path))).toBe(true);
  });

  it('names each of them once, and has at least 25', () => {
    expect(new Set(catalogue.map(({ id }) => id)).size).toBe(catalogue.length);
    expect(catalogue.length).toBeGreaterThanOrEqual(25);
  });

  it('refuses a place that is not there, or there twice', () => {
    const mutant = { id: 'x', guard: '', file: 'f', find: 'a', plant: 'b', killer: { tests: [] } };

    expect(() => planted(mutant, 'xyz')).toThrow('stands 0 times');
    expect(() => planted(mutant, 'aa')).toThrow('stands 2 times');
  });
});
