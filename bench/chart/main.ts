import { readFileSync, writeFileSync } from 'node:fs';
import type { Figure } from '../figures.ts';
import type { JournalLine } from '../journal.ts';
import { panelsOf } from './panels.ts';
import { chart } from './svg.ts';

const [source, target = source?.replace(/(\.jsonl)?$/, '.svg')] = process.argv.slice(2);

if (source === undefined || target === undefined) {
  console.error(
    'npm run bench:chart -- FILE [SVG]\n\nDraws the figures of a file of results, beside it if not told otherwise.',
  );
  process.exitCode = 2;
} else {
  const lines: readonly JournalLine[] = readFileSync(source, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const figures: readonly Figure[] = lines.filter((line) => line.line === 'figure');
  const run = lines.find((line) => line.line === 'run');
  const title = `Median of the rounds, with least and largest (${run?.cores} cores, Node ${run?.node})`;
  writeFileSync(target, chart(title, panelsOf(figures)));
  console.log(target);
}
