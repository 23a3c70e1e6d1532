import { MemoryDisk, MemoryStore } from '../../storage/index.ts';
import { storeContract } from './contract.ts';
import { LevelMachine } from './level-machine.ts';
import type { Machine } from './rig.ts';
import { snapshotContract } from './snapshot-contract.ts';

async function memoryMachine(): Promise<Machine> {
  const disk = new MemoryDisk();
  return {
    store: () =>
      new MemoryStore(disk, {
        nodeId: 'n1',
        incarnation: '0123456789abcdef0123456789abcdef',
        schedule: (_, run) => queueMicrotask(run),
      }),
    remove: async () => disk.wipe(),
  };
}

storeContract('MemoryStore', memoryMachine);
storeContract('LevelStore', () => LevelMachine.make());
snapshotContract('MemoryStore', memoryMachine);
snapshotContract('LevelStore', () => LevelMachine.make());
