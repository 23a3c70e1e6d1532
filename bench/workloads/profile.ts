import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Place } from '../subjects/subject.ts';
import { textTable } from '../text-table.ts';
import { runLoad } from './load.ts';
import type { Round, Workload } from './round.ts';

/** The most expensive functions of a process that are shown; all are in its file. */
const tollsShown = 15;

/** Pairs at once, unless `--widths` names others. */
const widthDefault = 256;

/** Where the processor's time goes in each process. The profiler itself costs some: its figures are parts, no times. */
export const profile: Workload = {
  name: 'profile',
  about: 'CPU profiles of all processes under pairs at leader and follower, into .bench/profiles. Only by name',
  run: async (round) => {
    if (round.subject.startWith === undefined || round.round > 0) return;
    const { widths } = round.settings;
    for (const place of ['leader', 'follower'] as const) {
      await profileAt(round, place, widths.length === 1 ? (widths[0] ?? widthDefault) : widthDefault);
    }
  },
};

async function profileAt(round: Round, place: Place, width: number): Promise<void> {
  const { arena, subject, say } = round;
  const station = await arena.at(place);
  const workers = new Map([[station, width]]);
  const leader = await arena.at('leader');
  // Warm: what is compiled by then stays so.
  await runLoad(round, { workers, naming: 'distinct', name: 'bench/profile' });
  await Promise.all(arena.three.map((each) => each.ask('profile', {})));
  await runLoad(round, { workers, naming: 'distinct', name: 'bench/profile' });
  const folder = join(subject.root ?? '.', '.bench/profiles');
  await mkdir(folder, { recursive: true });
  for (const each of arena.three) {
    const roles = [each === leader ? 'leader' : 'follower', ...(each === station ? ['with the load'] : [])].join(' ');
    const path = join(folder, `${place}-x${width}-${each.name}-${roles.replaceAll(' ', '-')}.cpuprofile`);
    const { tolls } = await each.ask('profiled', { path });
    const rows = tolls.slice(0, tollsShown).map(({ where, part }) => [where, `${(part * 100).toFixed(1)} %`]);
    say(`\n${textTable([`${place} x ${width}: ${each.name}, ${roles}`, 'self'], rows)}\n${path}`);
  }
}
