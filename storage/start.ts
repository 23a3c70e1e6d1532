import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Restored } from '../raft/index.ts';
import { type Layout, prepareDirectory } from './data-directory.ts';
import { translated } from './database.ts';
import { type DirectoryLock, lockDirectory } from './directory-lock.ts';
import { readIdentity, writeIdentity } from './identity.ts';
import { isDamage } from './preflight.ts';
import { passVerdict, readVerdict } from './quarantine.ts';
import { clearUnformed, type Parts, type RecoveryOptions, recover } from './recovery.ts';
import type { Identity, TakeRows } from './store.ts';

/** A directory that is this process's now, and what it is. Whoever gets it closes `lock`, last. */
export type Entered =
  | { readonly kind: 'blank'; readonly identity: Identity; readonly lock: DirectoryLock }
  | { readonly kind: 'quarantined'; readonly identity: Identity; readonly lock: DirectoryLock; readonly reason: string }
  | {
      readonly kind: 'member';
      readonly identity: Identity;
      readonly lock: DirectoryLock;
      readonly parts: Parts;
      readonly restored: Restored;
    };

interface StartOptions {
  readonly nodeId: string;
  readonly random: () => string;
  readonly recovery: RecoveryOptions;
  readonly rows: TakeRows;
}

/** Takes the directory, raises the run, judges the data. Nothing is kept open when it throws. */
export async function enter(layout: Layout, options: StartOptions): Promise<Entered> {
  await prepareDirectory(layout);
  const lock = await lockDirectory(layout);
  try {
    const identity = await raiseRun(layout, options);
    return await judged(layout, { identity, lock, recovery: options.recovery, rows: options.rows });
  } catch (error) {
    await lock.close();
    throw translated(error, layout.root);
  }
}

async function raiseRun(layout: Layout, { nodeId, random }: StartOptions): Promise<Identity> {
  await removeHalfWritten(layout);
  const found = await readIdentity(layout, nodeId);
  const before = found ?? { clusterId: undefined, nodeId, incarnation: random(), run: 0 };
  const identity = { ...before, run: before.run + 1 };
  await writeIdentity(layout, identity);
  return identity;
}

/** A crash in the middle of `writeIdentity` leaves its new file beside the old one. */
async function removeHalfWritten(layout: Layout): Promise<void> {
  for (const name of await readdir(layout.root)) {
    if (/^identity\.json\.[0-9a-f]+\.new$/.test(name)) await rm(join(layout.root, name), { force: true });
  }
}

async function judged(
  layout: Layout,
  given: Omit<StartOptions, 'nodeId' | 'random'> & { readonly identity: Identity; readonly lock: DirectoryLock },
): Promise<Entered> {
  const { identity, lock, recovery, rows } = given;
  const { clusterId } = identity;
  const verdict = await readVerdict(layout);
  if (verdict !== undefined) return { kind: 'quarantined', identity, lock, reason: verdict };
  try {
    if (clusterId === undefined) {
      await clearUnformed(layout);
      return { kind: 'blank', identity, lock };
    }
    const found = await recover(layout, { ...identity, clusterId }, { ...recovery, rows });
    return { kind: 'member', identity, lock, ...found };
  } catch (error) {
    if (!isDamage(error)) throw error;
    await passVerdict(layout, error.message);
    return { kind: 'quarantined', identity, lock, reason: error.message };
  }
}
