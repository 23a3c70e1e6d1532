import { coreFigures } from './core.ts';
import type { MicroSettings } from './messages.ts';
import { partsAt } from './parts.ts';
import { storeFigures } from './store.ts';
import { codecFigures, tableFigures } from './table.ts';

// The parts of a node by themselves, in a process of their own: what the compiler has learned of one revision must not
// speed up the other.

const { root, folder, windowMs }: MicroSettings = JSON.parse(process.argv[2] ?? '{}');
process.once('disconnect', () => process.exit(1));

const { raft, table, storage, codec } = await partsAt(root);
process.send?.([
  ...coreFigures(raft, storage, windowMs),
  ...tableFigures(table, windowMs),
  ...codecFigures(codec, table, windowMs),
  ...(await storeFigures(storage, folder, windowMs)),
]);
process.removeAllListeners('disconnect');
process.disconnect();
