/** Rows of text as aligned columns under a head, each line ended; control characters of a cell are shown, not sent. */
export function columns(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, ...rows].map((row) => row.map(visible));
  const widths = head.map((_, at) => Math.max(...lines.map((line) => widthOf(line[at] ?? ''))));
  return lines
    .map((line) => `${line.map((cell, at) => padded(cell, widths[at] ?? 0)).join('  ')}`.trimEnd())
    .join('\n');
}

/** Bidirectional marks and the like would let a name rearrange the line that it stands in. */
const visible = (cell: string): string =>
  cell.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (found) => `\\u{${(found.codePointAt(0) ?? 0).toString(16)}}`);

const widthOf = (cell: string): number => [...cell].length;

const padded = (cell: string, width: number): string => cell + ' '.repeat(width - widthOf(cell));
