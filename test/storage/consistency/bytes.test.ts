import { beforeAll, expect, test } from 'vitest';
import { onClasses, onEveryByte, type Planned } from './plan.ts';
import { makeSpecimens, type Specimen } from './specimens.ts';
import { Survey } from './survey.ts';

/** `HOLDFAST_TEST_BYTES=all` damages every byte of the small directories, and all chosen bytes of the large ones. */
const isExhaustive = process.env['HOLDFAST_TEST_BYTES'] === 'all';
const smallBytes = 12_000;
const hour = 3_600_000;

let specimens: readonly Specimen[];
beforeAll(async () => {
  specimens = await makeSpecimens();
});

const sizeOf = ({ image }: Specimen): number =>
  [...image].reduce((sum, [path, bytes]) => sum + (path.startsWith('lock/') ? 0 : bytes.length), 0);

/** Each operation on each class at least once, and of the rest one in so many, another part for each specimen. */
const oneIn = 29;

function planFor(specimen: Specimen, turn: number, seen: Set<string>): readonly Planned[] {
  if (isExhaustive) return sizeOf(specimen) <= smallBytes ? onEveryByte(specimen) : onClasses(specimen);
  return onClasses(specimen).filter(({ name, damage }, place) => {
    const pair = `${name}/${damage.kind}/${'bytes' in damage ? damage.bytes : ''}`;
    const isNew = !seen.has(pair);
    seen.add(pair);
    return isNew || (place + turn) % oneIn === 0;
  });
}

test('a damaged byte of any class costs at most what was not acknowledged, or the directory is refused (S95, S96, S98, S105)', {
  timeout: isExhaustive ? hour : 60_000,
}, async () => {
  const survey = new Survey();
  const seen = new Set<string>();

  for (const [turn, specimen] of specimens.entries()) await survey.run(specimen, planFor(specimen, turn, seen));

  if (isExhaustive) console.log(survey.report);
  expect(survey.violations).toEqual([]);
  expect(survey.total).toBeGreaterThan(1_000);
  for (const [file, names] of Object.entries(classes)) {
    for (const name of names) {
      const matches = new RegExp(`^${file}: ${name}$`);
      expect(survey.count('refused', matches), `${file}: ${name}`).toBeGreaterThan(0);
    }
  }
});

const headers = ['checksum of a fragment', 'length of a fragment', 'type of a fragment'];
const batches = [...headers, 'sequence', 'count', 'operation', 'length of a key', 'key', 'length of a value'];
const sealed = (what: string): readonly string[] =>
  ['version', 'owner', 'checksum', 'body'].map((part) => `${part} of ${what}`);
const entry = ['version', 'kind', 'spare', 'owner', 'term', 'index', 'length', 'chain', 'checksum'];
const blocks = ['rows', 'filter', 'index of the rest', 'index'];

/** Classes of bytes of which some damage must have been refused, else nobody has looked at them. */
const classes: Readonly<Record<string, readonly string[]>> = {
  'log/write-ahead log': [
    ...batches,
    ...sealed('bounds'),
    ...sealed('hard state'),
    ...entry.map((field) => `${field} of entry`),
    ...['payload', 'base of the bounds', 'last of the bounds', 'term of hard state', 'key of a deletion'],
    'padding of a block',
  ],
  'table/write-ahead log': [
    ...batches,
    ...sealed('row'),
    ...sealed('head of the table'),
    ...['key of a deletion', 'padding of a block'],
  ],
  'log/MANIFEST': [...headers, 'log number', 'new file', 'size of a file'],
  'table/MANIFEST': [...headers, 'log number', 'new file', 'size of a file'],
  '(log|table)/table file': [
    ...blocks.flatMap((block) => [block, `type of ${block}`, `checksum of ${block}`]),
    ...['place of the index of the rest', 'size of the index of the rest', 'place of the index', 'size of the index'],
    ...['padding of the footer', 'magic number'],
  ],
  '(log|table)/CURRENT': ['text'],
  'identity.json': ['format', 'clusterId', 'nodeId', 'incarnation', 'run', 'check'].flatMap((name) => [
    name,
    `name of ${name}`,
  ]),
};
