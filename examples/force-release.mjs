// A worker hangs with a lock in its hands. It is asked to let go, does not, and then the lock is taken from it by force.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Holdfast } from 'holdfast';

const directory = await mkdtemp(join(tmpdir(), 'holdfast-example-'));
const node = await Holdfast.open({ dataDir: join(directory, 'data') });

const hanging = await node.acquireLock('report');
const next = node.acquireLock('report');
const asked = new Promise((resolve) => hanging.on('revokeRequested', resolve));
const lost = new Promise((resolve) => hanging.on('lost', resolve));

await node.requestRevoke('report', { actor: 'ann@desk', reason: 'the next one is due' });
console.log('asked by', (await asked).actor, '- still held:', hanging.isHeld);

const { tokens } = await node.forceRelease('report', { actor: 'ann@desk', reason: 'it hangs' });
const { reason, by, message } = await lost;
const handle = await next;
console.log('released by force:', tokens, '-', message);
console.log('the next one has token', handle.fencingToken);

const isSound = !hanging.isHeld && reason === 'forced' && by.actor === 'ann@desk' && handle.isHeld;
await handle.release();
await node.close();
await rm(directory, { recursive: true });
if (!isSound) process.exitCode = 1;
