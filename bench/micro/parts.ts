import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** A module of the revision that is built at `root`: comparing two is why it is not imported by name. */
const moduleAt = (root: string, path: string): Promise<unknown> => import(pathToFileURL(join(root, 'dist', path)).href);

export type RaftModule = typeof import('../../raft/index.ts');
export type TableModule = typeof import('../../src/table/index.ts');
export type StorageModule = typeof import('../../storage/index.ts');
export type CodecModule = typeof import('../../src/node/batch-codec.ts');

/** The parts of a revision. Types are those of this one: an older one may lack what is used, and fails then. */
export async function partsAt(
  root: string,
): Promise<{ raft: RaftModule; table: TableModule; storage: StorageModule; codec: CodecModule }> {
  const [raft, table, storage, codec] = await Promise.all([
    moduleAt(root, 'raft/index.js'),
    moduleAt(root, 'src/table/index.js'),
    moduleAt(root, 'storage/index.js'),
    moduleAt(root, 'src/node/batch-codec.js'),
  ]);
  return {
    raft: raft as RaftModule,
    table: table as TableModule,
    storage: storage as StorageModule,
    codec: codec as CodecModule,
  };
}
