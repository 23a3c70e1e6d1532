export interface ScanBounds {
  readonly elementsMax: number;
  readonly depthMax: number;
}

/** How the bytes after a tag are laid out. `skip`: so many bytes; the others carry a length or a count first. */
type Layout =
  | { readonly kind: 'skip'; readonly bytes: number }
  | { readonly kind: 'sized'; readonly lengthBytes: 1 | 2 | 4 }
  | { readonly kind: 'array'; readonly countBytes: 2 | 4 }
  | { readonly kind: 'fixed-array'; readonly count: number }
  | { readonly kind: 'undefined' }
  | { readonly kind: 'foreign' };

const foreign: Layout = { kind: 'foreign' };

/** What our encoder writes besides the fixed ranges; 64-bit integers, 32-bit floats, maps and extensions it never does. */
const byTag: ReadonlyMap<number, Layout> = new Map<number, Layout>([
  [0xc0, { kind: 'skip', bytes: 0 }],
  [0xc2, { kind: 'skip', bytes: 0 }],
  [0xc3, { kind: 'skip', bytes: 0 }],
  [0xc4, { kind: 'sized', lengthBytes: 1 }],
  [0xc5, { kind: 'sized', lengthBytes: 2 }],
  [0xc6, { kind: 'sized', lengthBytes: 4 }],
  [0xcb, { kind: 'skip', bytes: 8 }],
  [0xcc, { kind: 'skip', bytes: 1 }],
  [0xcd, { kind: 'skip', bytes: 2 }],
  [0xce, { kind: 'skip', bytes: 4 }],
  [0xd0, { kind: 'skip', bytes: 1 }],
  [0xd1, { kind: 'skip', bytes: 2 }],
  [0xd2, { kind: 'skip', bytes: 4 }],
  [0xd4, { kind: 'undefined' }],
  [0xd9, { kind: 'sized', lengthBytes: 1 }],
  [0xda, { kind: 'sized', lengthBytes: 2 }],
  [0xdb, { kind: 'sized', lengthBytes: 4 }],
  [0xdc, { kind: 'array', countBytes: 2 }],
  [0xdd, { kind: 'array', countBytes: 4 }],
]);
const layouts: readonly Layout[] = Array.from({ length: 256 }, (_, tag) => layoutOf(tag));

/**
 * Walks a MessagePack text without building anything: undefined when it is one complete value of nil, booleans, numbers,
 * strings, binary and arrays within `bounds` and nothing after it, otherwise what is wrong. The decoder reads extensions
 * (errors, expressions, sets, cycles), maps, and nesting that overflows the stack; nothing of that gets past here.
 */
export function scan(bytes: Uint8Array, bounds: ScanBounds): string | undefined {
  const walk: Walk = { bytes, at: 0 };
  const pending: number[] = [];
  let left = 1;
  let elements = 0;
  for (;;) {
    while (left === 0) {
      const outer = pending.pop();
      if (outer === undefined) return walk.at === bytes.length ? undefined : 'bytes after the end';
      left = outer;
    }
    left -= 1;
    elements += 1;
    if (elements > bounds.elementsMax) return `more than ${bounds.elementsMax} elements`;
    const count = step(walk);
    if (typeof count === 'string') return count;
    // Each element takes at least one byte: a count beyond what is left is a lie, told before it costs anything.
    if (count > bytes.length - walk.at) return 'ends early';
    if (count > 0) {
      if (pending.length >= bounds.depthMax) return `nested deeper than ${bounds.depthMax}`;
      pending.push(left);
      left = count;
    }
  }
}

interface Walk {
  readonly bytes: Uint8Array;
  at: number;
}

/** Passes one tag and its bytes; the number of elements that follow it as its own, or what is wrong. */
function step(walk: Walk): number | string {
  const tag = walk.bytes[walk.at];
  if (tag === undefined) return 'ends early';
  walk.at += 1;
  const layout = layouts[tag] ?? foreign;
  switch (layout.kind) {
    case 'skip':
      return skip(walk, layout.bytes);
    case 'sized': {
      const length = unsigned(walk, layout.lengthBytes);
      return length === undefined ? 'ends early' : skip(walk, length);
    }
    case 'array':
      return unsigned(walk, layout.countBytes) ?? 'ends early';
    case 'fixed-array':
      return layout.count;
    case 'undefined':
      // The one extension that we write: type 0, one byte 0.
      return unsigned(walk, 2) === 0 ? 0 : 'an extension';
    case 'foreign':
      return `a type that is not ours (0x${tag.toString(16)})`;
    default:
      return layout satisfies never;
  }
}

function skip(walk: Walk, length: number): 0 | string {
  if (length > walk.bytes.length - walk.at) return 'ends early';
  walk.at += length;
  return 0;
}

function unsigned(walk: Walk, length: 1 | 2 | 4): number | undefined {
  if (length > walk.bytes.length - walk.at) return undefined;
  let value = 0;
  for (let i = 0; i < length; i += 1) {
    // No bit shifts: a length above 2^31 must not turn negative.
    value = value * 256 + (walk.bytes[walk.at] ?? 0);
    walk.at += 1;
  }
  return value;
}

function layoutOf(tag: number): Layout {
  if (tag <= 0x7f || tag >= 0xe0) return { kind: 'skip', bytes: 0 };
  if (tag <= 0x8f) return foreign;
  if (tag <= 0x9f) return { kind: 'fixed-array', count: tag - 0x90 };
  if (tag <= 0xbf) return { kind: 'skip', bytes: tag - 0xa0 };
  return byTag.get(tag) ?? foreign;
}
