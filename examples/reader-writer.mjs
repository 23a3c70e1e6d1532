// Many read a table of rates at once; one of them finds it old, upgrades and renews it, and reads on while others come
// back in. Nobody ever sees half of a change.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Holdfast } from 'holdfast';

const directory = await mkdtemp(join(tmpdir(), 'holdfast-example-'));
const node = await Holdfast.open({ dataDir: join(directory, 'data') });
const lock = node.createReaderWriterLock('rates');
const rates = { eur: 1, usd: 1, version: 1 };

const read = () =>
  lock.useRead({ timeout: 5_000 }, (handle) => {
    handle.assertHeld();
    return { ...rates };
  });

const renewIfOld = () =>
  lock.useUpgradeableRead({ timeout: 5_000 }, async (handle) => {
    if (rates.version > 1) return false;
    await handle.upgrade({ timeout: 5_000 });
    Object.assign(rates, { eur: 2, usd: 3, version: 2 });
    // The new rates are read on under the same lock, beside others.
    await handle.downgrade('read');
    return true;
  });

const renewed = await Promise.all([renewIfOld(), renewIfOld(), renewIfOld()]);
const seen = await Promise.all([read(), read(), read()]);
console.log('renewed by', renewed.filter(Boolean).length, 'of', renewed.length, 'and read as', seen[0]);

await node.close();
await rm(directory, { recursive: true });
if (renewed.filter(Boolean).length !== 1 || seen.some(({ version }) => version !== 2)) process.exitCode = 1;
