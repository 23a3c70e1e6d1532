import { readFile } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { exists, isMissing, type Layout, replaceFile, tableNumbers } from './data-directory.ts';
import { corrupt, StorageError } from './errors.ts';
import type { Identity } from './store.ts';

const identityFormat = 1;
/** Of builds between two releases, whose log stood in segment files. Never written again: the next format is 3. */
const segmentFormat = 2;

/** Who the directory is, before this run; undefined for an empty one. Throws for an identity that cannot be trusted. */
export async function readIdentity(layout: Layout, nodeId: string): Promise<Identity | undefined> {
  const text = await readText(layout.identity);
  if (text === undefined) {
    await refuseOrphans(layout);
    return undefined;
  }
  const identity = parseIdentity(layout.identity, text);
  if (identity.nodeId !== nodeId) {
    const message = `${layout.root} belongs to node ${identity.nodeId}, not to ${nodeId}: give each node its own directory`;
    throw new StorageError('WRONG_NODE', message);
  }
  return identity;
}

/** Durable when it resolves. */
export async function writeIdentity(layout: Layout, identity: Identity): Promise<void> {
  const { clusterId = null, nodeId, incarnation, run } = identity;
  const fields = { format: identityFormat, clusterId, nodeId, incarnation, run };
  await replaceFile(layout.identity, `${JSON.stringify({ ...fields, check: checkOf(identity) }, null, 2)}\n`);
}

/** Over all that counts, so that a flipped bit is not another node or an earlier run. */
const checkOf = ({ clusterId, nodeId, incarnation, run }: Identity): number =>
  crc32(JSON.stringify([identityFormat, clusterId ?? null, nodeId, incarnation, run]));

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** A log without an identity would otherwise be an empty node that once voted. */
async function refuseOrphans(layout: Layout): Promise<void> {
  const tables = (await tableNumbers(layout)).map((number) => layout.table(number));
  for (const path of [layout.log, ...layout.watermarks, ...tables, layout.verdict]) {
    if (!(await exists(path))) continue;
    const message = `${layout.identity} is missing although ${path} is there: restore it, or replace this member`;
    throw new StorageError('IDENTITY_LOST', message);
  }
}

function parseIdentity(path: string, text: string): Identity {
  const fields = parseFields(path, text);
  const { format, clusterId, nodeId, incarnation, run, check } = fields;
  if (format === segmentFormat) {
    const origin = 'it was written by an unreleased build that kept the log in segment files';
    const way = 'go on with that build, or replace this member with an empty directory';
    throw new StorageError(
      'NEWER_FORMAT',
      `${path} has format ${format}: ${origin}, which this version cannot read: ${way}`,
    );
  }
  if (typeof format === 'number' && format > identityFormat) {
    throw new StorageError('NEWER_FORMAT', `${path} has format ${format}; this version reads up to ${identityFormat}`);
  }
  const isWhole =
    format === identityFormat &&
    (clusterId === null || (typeof clusterId === 'string' && clusterId !== '')) &&
    typeof nodeId === 'string' &&
    typeof incarnation === 'string' &&
    /^[0-9a-f]{32}$/.test(incarnation) &&
    typeof run === 'number' &&
    Number.isSafeInteger(run) &&
    run >= 0;
  if (!isWhole) throw corrupt(`${path} does not hold an identity`);
  const identity: Identity = { clusterId: clusterId ?? undefined, nodeId, incarnation, run };
  if (check !== checkOf(identity)) throw corrupt(`${path} fails its checksum: it was edited or damaged`);
  return identity;
}

type Fields = Readonly<Partial<Record<'format' | 'clusterId' | 'nodeId' | 'incarnation' | 'run' | 'check', unknown>>>;

function parseFields(path: string, text: string): Fields {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch (error) {
    throw corrupt(`${path} is not JSON`, error);
  }
  throw corrupt(`${path} does not hold an identity`);
}
