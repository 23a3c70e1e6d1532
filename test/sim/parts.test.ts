import { describe, expect, it } from 'vitest';
import type { Entry, Persist } from '../../raft/index.ts';
import { Stream } from '../../src/testing/random.ts';
import { Agenda } from './agenda.ts';
import { chainOf } from './digest.ts';
import { Disk } from './disk.ts';
import { LogImage } from './log-image.ts';
import { drawSwarm, faultClasses } from './swarm.ts';

const genesis = { index: 0, term: 0, chain: 0 };
const table = {
  head: { position: genesis, configuration: { index: 0, configuration: { voters: [], outgoing: [], learners: [] } } },
  state: 0,
};

function entriesTo(last: number): readonly Entry[] {
  const entries: Entry[] = [];
  let chain = 0;
  for (let index = 1; index <= last; index += 1) {
    const body = { index, term: 1, kind: 'commands', payload: new Uint8Array(4) } as const;
    chain = chainOf(chain, body);
    entries.push({ ...body, chain });
  }
  return entries;
}

const persistOf = (id: number, entries: readonly Entry[]): Persist => ({
  id,
  write: { hardState: undefined, install: undefined, base: undefined, truncateFrom: undefined, entries },
  thenSend: [],
});

describe('virtual time', () => {
  it('runs what is due first, and in the order of planning what is due together', () => {
    const agenda = new Agenda();
    const seen: string[] = [];

    for (const [ms, name] of [
      [5, 'c'],
      [1, 'a'],
      [5, 'd'],
      [3, 'b'],
      [5, 'e'],
    ] as const) {
      agenda.after(ms, () => seen.push(name));
    }
    while (agenda.step());

    expect(seen.join('')).toBe('abcde');
    expect(agenda.now).toBe(5);
  });
});

describe('named streams', () => {
  it('share nothing: a draw from one does not shift another', () => {
    const quiet = new Stream(7, 'network');
    const busy = new Stream(7, 'network');
    const other = new Stream(7, 'disk');

    const undisturbed = [quiet.u32(), quiet.u32(), quiet.u32()];
    const disturbed = [busy.u32(), other.u32() && busy.u32(), other.u32() && busy.u32()];

    expect(disturbed).toEqual(undisturbed);
  });

  it('spread evenly', () => {
    const stream = new Stream(1, 'spread');
    const sum = Array.from({ length: 20_000 }, () => stream.unit()).reduce((a, b) => a + b);

    expect(sum / 20_000).toBeCloseTo(0.5, 1);
  });
});

describe('a swarm', () => {
  it('stays as it is but for the class of faults that is switched off', () => {
    const seed = 11;
    const all = drawSwarm(seed);
    const [first] = all.faults;

    const fewer = drawSwarm(seed, { without: first === undefined ? [] : [first] });

    expect(fewer.faults).toEqual(all.faults.slice(1));
    expect(fewer.limits).toEqual(all.limits);
    expect(fewer.safetyMs).toBe(all.safetyMs);
  });

  it('has every class of faults in some seed, and none in all', () => {
    const drawn = Array.from({ length: 60 }, (_, seed) => drawSwarm(seed).faults);

    for (const fault of faultClasses) {
      const count = drawn.filter((faults) => faults.includes(fault)).length;
      expect(count, fault).toBeGreaterThan(5);
      expect(count, fault).toBeLessThan(60);
    }
  });
});

describe('a disk', () => {
  it('keeps what it acknowledged, and of the rest a prefix, over a power loss', () => {
    const entries = entriesTo(6);
    const lengths = new Set<number>();

    for (let seed = 0; seed < 40; seed += 1) {
      const agenda = new Agenda();
      const disk = new Disk('1.0', { agenda, swarm: drawSwarm(seed), table });
      let acknowledged = 0;
      for (const entry of entries) {
        disk.write([persistOf(entry.index, [entry])], undefined, () => {
          acknowledged = entry.index;
        });
      }
      while (acknowledged < 2 && agenda.step());
      disk.losePower();
      while (agenda.step());

      expect(acknowledged).toBe(2);
      expect(disk.log.entries).toEqual(entries.slice(0, disk.log.last.index));
      lengths.add(disk.log.last.index);
    }

    expect([...lengths].sort()).toEqual([2, 3, 4, 5, 6]);
  });
});

describe('a log image refuses', () => {
  const write = (entries: readonly Entry[]) => persistOf(1, entries).write;
  const image = () => new LogImage({ base: genesis, entries: entriesTo(3), checkpoint: table.head });

  it('a hole', () => {
    expect(() => image().write(write(entriesTo(5).slice(4)))).toThrow('I21');
  });

  it('an entry that was altered', () => {
    const altered = entriesTo(4)
      .slice(3)
      .map((entry) => ({ ...entry, payload: new Uint8Array(5) }));

    expect(() => image().write(write(altered))).toThrow('I3');
  });
});
