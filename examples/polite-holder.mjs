// Two workers share a lock that each would like to keep for long. Each gives way between two pieces of its work when
// somebody waits, and goes on once it has the lock again.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Holdfast } from 'holdfast';

const directory = await mkdtemp(join(tmpdir(), 'holdfast-example-'));
const node = await Holdfast.open({ dataDir: join(directory, 'data') });

const turns = [];

async function work(who, pieces) {
  let done = 0;
  while (done < pieces) {
    await node.createLock('archive').use(async (handle) => {
      let isWanted = false;
      handle.on('contended', () => {
        isWanted = true;
      });
      const before = done;
      while (done < pieces && !isWanted) {
        await pause(5);
        done += 1;
      }
      turns.push(who);
      console.log(`${who}: ${done - before} of its ${pieces} pieces${isWanted ? ', and gives way' : ''}`);
    });
  }
}

const keeper = work('keeper', 200);
const guest = pause(50).then(() => work('guest', 3));
await Promise.all([keeper, guest]);

const isSound = turns[0] === 'keeper' && turns.includes('guest') && turns.at(-1) === 'keeper';
await node.close();
await rm(directory, { recursive: true });
if (!isSound) process.exitCode = 1;
