const linesKept = 200;

/** What may stand in a line; objects are shown only if the line is. */
type Detail = number | string | boolean | undefined | object;

interface Line {
  readonly time: number;
  readonly who: string;
  readonly what: string;
  readonly detail: Detail;
}

/** The course of a run: a rolling hash over all of it, and its last lines in words. */
export class Trace {
  readonly #lines: (Line | undefined)[] = new Array<Line | undefined>(linesKept).fill(undefined);
  #count = 0;
  #high = 0x811c9dc5;
  #low = 0x01000193;

  /** How many lines there were. */
  get count(): number {
    return this.#count;
  }

  /** Two runs with equal hashes took the same course. */
  get hash(): string {
    return [this.#high, this.#low].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('');
  }

  note(line: Line): void {
    this.#lines[this.#count % linesKept] = line;
    this.#count += 1;
    this.fold(Math.round(line.time * 1000));
    this.#foldText(line.who);
    this.#foldText(line.what);
  }

  fold(number: number): void {
    this.#high = Math.imul(this.#high ^ (number | 0), 0x9e3779b1);
    this.#low = Math.imul(this.#low ^ (number | 0) ^ (this.#high >>> 11), 0x85ebca6b);
  }

  /** Whatever stands in a detail, as deep as it goes: numbers, texts and bytes. */
  foldAll(detail: unknown): void {
    if (typeof detail === 'number') this.fold(Math.round(detail));
    else if (typeof detail === 'string') this.#foldText(detail);
    else if (detail instanceof Uint8Array) for (const byte of detail) this.fold(byte);
    else if (typeof detail === 'object' && detail !== null)
      for (const part of Object.values(detail)) this.foldAll(part);
  }

  /** The last lines, oldest first. */
  get tail(): readonly string[] {
    const first = Math.max(0, this.#count - linesKept);
    const lines: string[] = [];
    for (let at = first; at < this.#count; at += 1) {
      const line = this.#lines[at % linesKept];
      if (line !== undefined) lines.push(shown(line));
    }
    return lines;
  }

  #foldText(text: string): void {
    for (let at = 0; at < text.length; at += 1) this.fold(text.charCodeAt(at));
  }
}

const shown = ({ time, who, what, detail }: Line): string =>
  `${time.toFixed(3).padStart(11)} ${who.padEnd(6)} ${what.padEnd(16)} ${brief(detail)}`;

/** An object in one line: bytes as their number, entries as index/term. */
const brief = (detail: Detail): string =>
  typeof detail === 'object'
    ? JSON.stringify(detail, (key, value: unknown) => {
        if (value instanceof Uint8Array) return `${value.length} B`;
        if (key === 'entries' && Array.isArray(value)) return value.map(entryName).join(' ');
        return value;
      })
    : String(detail ?? '');

function entryName(entry: unknown): string {
  if (typeof entry !== 'object' || entry === null || !('index' in entry) || !('term' in entry)) return '?';
  const kind = 'kind' in entry && typeof entry.kind === 'string' ? entry.kind.charAt(0) : '';
  return `${entry.index}/${entry.term}${kind}`;
}
