import { describe, expect, it } from 'vitest';
import { parseOptions, usage } from './options.ts';

describe('the options of a chaos run', () => {
  it('choose proxies where nothing is said of the network', () => {
    expect(parseOptions([]).network).toBe('proxy');
  });

  it('choose namespaces by name', () => {
    expect(parseOptions(['--network', 'namespaces']).network).toBe('namespaces');
  });

  it('refuse a network that does not exist, and say which do', () => {
    expect(() => parseOptions(['--network', 'pigeons'])).toThrow('--network takes proxy or namespaces, not "pigeons"');
  });

  it('are all in the help', () => {
    const { help: _, kinds: __, allowMissing: ___, ...rest } = parseOptions([]);

    for (const name of [...Object.keys(rest), 'faults', 'allow-missing']) expect(usage).toContain(`--${name}`);
  });
});
