import { entryBytes, positionBytes } from '../../../storage/record.ts';
import { framesIn, type PlacedFrame } from '../log-files.ts';
import { Naming, type Part } from './regions.ts';

const headFields = [
  ['version', 1],
  ['parts', 1],
  ['spare', 2],
  ['owner', 4],
  ['sequence', 8],
  ['segment', 4],
  ['length', 4],
  ['number of entries', 4],
  ['checksum of the write before', 4],
  ['checksum of the content', 4],
  ['checksum', 4],
] as const;

const entryFields = [
  ['version', 1],
  ['kind', 1],
  ['spare', 2],
  ['owner', 4],
  ['term', 8],
  ['index', 8],
  ['length', 4],
  ['chain', 4],
  ['checksum', 4],
] as const;

const entryHeadBytes = 36;

/** Where each field of each write stands in a whole file of the log, and what no write has touched. */
export function segmentParts(file: Buffer): readonly Part[] {
  // A file that was made ready, or is being made.
  if (file.every((byte) => byte === 0)) return [{ name: 'made ready', from: 0, to: file.length }];
  const frames = framesIn(file);
  const end = frames.at(-1)?.to ?? 0;
  const rest = end < file.length ? [{ name: 'not written to yet', from: end, to: file.length }] : [];
  return [...frames.flatMap(frameParts), ...rest];
}

function frameParts({ frame, from, to }: PlacedFrame): readonly Part[] {
  const { segmentBytes, hardState, bounds, entries } = frame;
  const naming = new Naming(from);
  for (const [field, bytes] of headFields) naming.take(`${field} of a write`, bytes);
  if (segmentBytes !== undefined) naming.take('length of the file', 4);
  if (hardState !== undefined) {
    naming.take('length of hard state', 2);
    naming.take('term of hard state', 8);
    naming.take('vote', 1 + Buffer.byteLength(hardState.votedFor ?? ''));
  }
  if (bounds !== undefined) {
    for (const part of ['base', 'last']) naming.take(`${part} of the bounds`, positionBytes);
    naming.take('table', 4);
    naming.take('what is kept', 8);
  }
  for (const entry of entries) {
    for (const [field, bytes] of entryFields) naming.take(`${field} of entry`, bytes);
    naming.take('payload', entryBytes(entry) - entryHeadBytes);
  }
  naming.take('padding of a write', to - naming.at);
  return naming.parts;
}
