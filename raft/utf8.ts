/** UTF-8 of `text`, or undefined if it has half of a surrogate pair. (This floor has no TextEncoder.) */
export function utf8Bytes(text: string): readonly number[] | undefined {
  const bytes: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (code >= 0xd800 && code <= 0xdfff) return undefined;
    if (code < 0x80) bytes.push(code);
    else if (code < 0x800) bytes.push(0xc0 | (code >>> 6), tail(code));
    else if (code < 0x1_0000) bytes.push(0xe0 | (code >>> 12), tail(code >>> 6), tail(code));
    else bytes.push(0xf0 | (code >>> 18), tail(code >>> 12), tail(code >>> 6), tail(code));
  }
  return bytes;
}

/** The text that `utf8Bytes` makes into exactly these bytes; undefined if there is none (torn, overlong, surrogates). */
export function utf8Text(bytes: Uint8Array): string | undefined {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const lead = bytes[at] ?? 0;
    const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if ((lead >= 0x80 && lead < 0xc2) || lead > 0xf4 || at + length > bytes.length) return undefined;
    let code = length === 1 ? lead : lead & (0x7f >>> length);
    for (let next = at + 1; next < at + length; next++) {
      const byte = bytes[next] ?? 0;
      if ((byte & 0xc0) !== 0x80) return undefined;
      code = (code << 6) | (byte & 0x3f);
    }
    if (code > 0x10_ffff || (code >= 0xd800 && code <= 0xdfff) || code < (smallest[length] ?? 0)) return undefined;
    text += String.fromCodePoint(code);
    at += length;
  }
  return text;
}

/** By length: a smaller code in so many bytes is overlong. */
const smallest: readonly number[] = [0, 0, 0x80, 0x800, 0x1_0000];

const tail = (code: number): number => 0x80 | (code & 0x3f);
