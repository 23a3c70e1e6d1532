import { figureText } from '../text-table.ts';

/** One bar with the range of its rounds. */
export interface Bar {
  readonly label: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** Which colour; bars of one subject have the same. */
  readonly hue: number;
}

/** Bars that share one scale. */
export interface Panel {
  readonly title: string;
  readonly bars: readonly Bar[];
}

const width = 860;
const labelWidth = 260;
const valueWidth = 170;
const barHeight = 16;
const rowHeight = 22;
const panelGap = 44;

/** Told apart by people who see few colours, too. */
const colours = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00', '#999933'] as const;

/** A chart that stands alone: no script, no font, no reference to anything outside. */
export function chart(title: string, panels: readonly Panel[]): string {
  let y = 40;
  const parts: string[] = [];
  for (const panel of panels) {
    parts.push(text({ x: 16, y: y + 14, size: 14, weight: 'bold' }, panel.title));
    y += 24;
    const scale = (width - labelWidth - valueWidth) / Math.max(...panel.bars.map(({ max }) => max), 1e-9);
    for (const bar of panel.bars) {
      parts.push(barAt(bar, y, scale));
      y += rowHeight;
    }
    y += panelGap - rowHeight;
  }
  const size = `width="${width}" height="${y}" viewBox="0 0 ${width} ${y}"`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="sans-serif" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${y}" fill="#ffffff"/>`,
    text({ x: 16, y: 24, size: 16, weight: 'bold' }, title),
    ...parts,
    '</svg>\n',
  ].join('\n');
}

function barAt({ label, median, min, max, hue }: Bar, y: number, scale: number): string {
  const [left, middle] = [labelWidth, y + barHeight / 2];
  const end = (value: number): string => (left + Math.max(0, value) * scale).toFixed(1);
  const colour = colours[hue % colours.length] ?? colours[0];
  const range = min === max ? '' : ` (${figureText(min)} to ${figureText(max)})`;
  return [
    text({ x: left - 8, y: middle + 4, size: 12, anchor: 'end' }, label),
    `<rect x="${left}" y="${y}" width="${Math.max(1, median * scale).toFixed(1)}" height="${barHeight}" fill="${colour}"/>`,
    `<path d="M${end(min)} ${middle}H${end(max)}" stroke="#333333" stroke-width="1.5"/>`,
    text({ x: left + Math.max(median, max) * scale + 8, y: middle + 4, size: 12 }, `${figureText(median)}${range}`),
  ].join('\n');
}

interface Place {
  readonly x: number;
  readonly y: number;
  readonly size: number;
  readonly weight?: 'bold';
  readonly anchor?: 'end';
}

function text({ x, y, size, weight, anchor }: Place, words: string): string {
  const style = `${weight === undefined ? '' : ` font-weight="${weight}"`}${anchor === undefined ? '' : ` text-anchor="${anchor}"`}`;
  return `<text x="${x.toFixed(1)}" y="${y}" font-size="${size}" fill="#222222"${style}>${escaped(words)}</text>`;
}

const escaped = (words: string): string =>
  words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
