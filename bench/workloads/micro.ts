import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MicroFigure, MicroSettings } from '../micro/messages.ts';
import { adopt } from '../processes/children.ts';
import { note, type Workload } from './round.ts';

/** The parts of a node, each by itself. */
export const micro: Workload = {
  name: 'micro',
  about: 'by themselves: core, lock table, codec, synced writes of the store',
  run: async (round) => {
    const { subject, settings, folder } = round;
    if (subject.root === undefined) return;
    const { root } = subject;
    const place = join(folder, `${subject.name}-micro-${round.round}`);
    const figures = await measured({ root, folder: place, windowMs: settings.windowMs / 2 });
    for (const { value, ...metric } of figures) note(round, { workload: 'micro', ...metric }, value);
  },
};

async function measured(settings: MicroSettings): Promise<readonly MicroFigure[]> {
  const program = fileURLToPath(new URL('../micro/main.js', import.meta.url));
  const child = fork(program, [JSON.stringify(settings)], {
    execArgv: [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  adopt(child);
  const figures: MicroFigure[] = [];
  child.on('message', (told: readonly MicroFigure[]) => figures.push(...told));
  const [code] = await once(child, 'exit');
  if (code !== 0 || figures.length === 0) throw new Error(`the micro bench of ${settings.root} ended with ${code}`);
  return figures;
}
