import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, credentials } from '@grpc/grpc-js';
import { percentile } from '../statistics.ts';
import type { FloorResult, FloorSettings } from './messages.ts';
import { floorService } from './stream.ts';
import { type SyncedWrite, syncedWrites } from './synced-writes.ts';

// What a commit costs without any code of ours: a message to two processes, a synced write in each and here, done with
// the own write and the first answer. One after the other.

const settings: FloorSettings = JSON.parse(process.argv[2] ?? '{}');
process.once('disconnect', () => process.exit(1));

/** About an entry with one command. */
const message = Buffer.alloc(150, 2);

interface Follower {
  send(): void;
  onAnswer: () => void;
}

async function followerAt(folder: string): Promise<{ readonly child: ChildProcess; readonly follower: Follower }> {
  const program = fileURLToPath(new URL('follower.js', import.meta.url));
  const child = fork(program, [JSON.stringify({ ...settings, folder })], { execArgv: [] });
  const [port] = await once(child, 'message');
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  const { path, requestSerialize, responseDeserialize } = floorService.commit;
  const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
  const follower: Follower = { send: () => void call.write(message), onAnswer: () => undefined };
  call.on('data', () => follower.onAnswer());
  call.on('error', () => undefined);
  return { child, follower };
}

/** Resolves when the own write and one of the two others are safe. */
const commit = (write: SyncedWrite, followers: readonly Follower[]): Promise<void> =>
  new Promise((resolve) => {
    let safe = 0;
    let isOwnSafe = false;
    const look = (): void => {
      if (isOwnSafe && safe === 1) resolve();
    };
    for (const follower of followers) {
      follower.onAnswer = () => {
        safe += 1;
        look();
      };
      follower.send();
    }
    write(() => {
      isOwnSafe = true;
      if (safe > 0) resolve();
    });
  });

async function latencies(write: SyncedWrite, followers: readonly Follower[]): Promise<number[]> {
  const took: number[] = [];
  for (const endsAt = performance.now() + settings.windowMs; performance.now() < endsAt; ) {
    const startedAt = performance.now();
    await commit(write, followers);
    took.push(performance.now() - startedAt);
  }
  return took.sort((a, b) => a - b);
}

const started = await Promise.all(['b', 'c'].map((name) => followerAt(join(settings.folder, name))));
const write = await syncedWrites(settings.disk, join(settings.folder, 'a'));
const followers = started.map(({ follower }) => follower);
await latencies(write, followers);
const took = await latencies(write, followers);
const result: FloorResult = { p50: percentile(took, 50), p99: percentile(took, 99) };
process.send?.(result, () => {
  for (const { child } of started) child.kill();
  process.exit();
});
