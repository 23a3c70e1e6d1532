import type { Profiler } from 'node:inspector';

/** What one function took by itself. */
export interface Toll {
  readonly where: string;
  /** Of the time in which the process was not idle, 0 to 1. */
  readonly part: number;
}

const idleNames: ReadonlySet<string> = new Set(['(idle)', '(root)']);

/** Self times by function, the largest first. */
export function summaryOfProfile({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): readonly Toll[] {
  const places = new Map(nodes.map(({ id, callFrame }) => [id, placeOf(callFrame)]));
  const times = new Map<string, number>();
  let busy = 0;
  samples.forEach((id, at) => {
    const place = places.get(id) ?? '?';
    if (idleNames.has(place)) return;
    const time = timeDeltas[at] ?? 0;
    busy += time;
    times.set(place, (times.get(place) ?? 0) + time);
  });
  return [...times].map(([where, time]) => ({ where, part: time / busy })).sort((a, b) => b.part - a.part);
}

/** The function, and the last two parts of its file's path: names such as `#write` stand in many files. */
function placeOf({ functionName, url, lineNumber }: Profiler.Profile['nodes'][number]['callFrame']): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  if (url === '') return name;
  return `${name} ${url.split('/').slice(-2).join('/')}:${lineNumber + 1}`;
}
