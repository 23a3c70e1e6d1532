import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { validateName } from '../../src/table/index.ts';

describe('a name', () => {
  it.each([
    ['one byte', 'x'],
    ['512 bytes', 'x'.repeat(512)],
    ['512 bytes of two each', '\u00e9'.repeat(256)],
    ['512 bytes of four each', '\u{1F512}'.repeat(128)],
    ['a dollar inside', 'a$b'],
    ['spaces around', ' x '],
    ['a bidirectional override', '\u202E'],
    ['the last code point', '\u{10FFFF}'],
    ['non-characters', '\uFFFF'],
  ])('may be %s', (_name, name) => {
    expect(validateName(name)).toBeUndefined();
  });

  it.each([
    ['nothing', '', /empty/],
    ['513 bytes', 'x'.repeat(513), /too long: 513/],
    ['513 bytes in fewer characters', `x${'\u00e9'.repeat(256)}`, /too long: 513 bytes/],
    ['a megabyte', 'x'.repeat(1 << 20), /too long/],
    ['NUL', 'a\0', /control character U\+0000 at 1/],
    ['a line end', 'a\r\n', /U\+000D/],
    ['escape', '\u001b[2J', /U\+001B/],
    ['DEL', '\u007f', /U\+007F/],
    ['C1', '\u0085', /U\+0085/],
    ['a lone high surrogate', 'a\ud800', /lone surrogate U\+D800 at 1/],
    ['a lone low surrogate', '\udc00a', /lone surrogate U\+DC00 at 0/],
    ['surrogates the wrong way round', '\udc00\ud800', /lone surrogate/],
    ['a leading dollar', '$x', /reserved/],
    ['a number', 7, /number, not a string/],
    ['null', null, /null, not a string/],
  ])('must not be %s, and the reason says so', (_name, name, reason) => {
    expect(validateName(name)).toMatch(reason);
  });

  it('is counted as an encoder counts it', () => {
    const encoder = new TextEncoder();
    const printable = fc.constantFrom('a', '$', '\u00e9', '\u20ac', '\uffff', '\u{1F512}');
    const units = fc.oneof(
      { weight: 500, arbitrary: printable },
      { weight: 1, arbitrary: fc.constantFrom('\n', '\u0085') },
    );
    fc.assert(
      fc.property(fc.array(units, { minLength: 1, maxLength: 300, size: 'max' }), (parts) => {
        const name = parts.join('');
        const reason = validateName(name);

        const isLong = encoder.encode(name).length > 512;
        // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a name must not have.
        const isRefused = isLong || /[\u0000-\u001f\u007f-\u009f]/.test(name) || name.startsWith('$');
        expect(reason !== undefined).toBe(isRefused);
      }),
      { numRuns: 100 },
    );
  });
});
