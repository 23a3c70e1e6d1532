import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { planted } from '../mutants/plant.ts';
import { visibleMutants } from './mutants.ts';

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

describe('the bugs that a real cluster must show', () => {
  it.each(visibleMutants)('$id fits the sources as they are', (mutant) => {
    const source = readFileSync(at(mutant.file), 'utf8');

    expect(planted(mutant, source)).not.toBe(source);
  });

  it('are at least five, each once', () => {
    expect(new Set(visibleMutants.map(({ id }) => id)).size).toBe(visibleMutants.length);
    expect(visibleMutants.length).toBeGreaterThanOrEqual(5);
  });
});
