import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Disk, FloorResult, FloorSettings } from '../floor/messages.ts';
import { adopt } from '../processes/children.ts';
import { note, type Workload } from './round.ts';

const disks: readonly (readonly [Disk, string])[] = [
  ['file', 'a file'],
  ['level', 'LevelDB'],
];

/** What bounds one commit from below, whatever stands on it. */
export const floor: Workload = {
  name: 'floor',
  about: 'a commit without a lock service: gRPC to two processes, a synced write in each, nothing else. Only by name',
  run: async (round) => {
    const { subject, settings, folder } = round;
    if (subject.root === undefined) return;
    for (const [disk, shown] of disks) {
      const place = join(folder, `floor-${disk}-${round.round}`);
      const { p50, p99 } = await measured({ disk, folder: place, windowMs: settings.windowMs });
      const metric = {
        workload: 'floor',
        point: `one commit, writes to ${shown}`,
        unit: 'ms',
        better: 'lower',
      } as const;
      note(round, { ...metric, figure: 'p50' }, p50);
      note(round, { ...metric, figure: 'p99' }, p99);
    }
  },
};

async function measured(settings: FloorSettings): Promise<FloorResult> {
  const program = fileURLToPath(new URL('../floor/main.js', import.meta.url));
  const child = fork(program, [JSON.stringify(settings)], {
    execArgv: [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  adopt(child);
  let result: FloorResult | undefined;
  child.once('message', (told: FloorResult) => {
    result = told;
  });
  const [code] = await once(child, 'exit');
  if (code !== 0 || result === undefined) throw new Error(`the floor's process ended with ${code}`);
  return result;
}
