/** How one floor may use another: by its values, or by its types alone. */
type Use = 'values' | 'types';

/** One floor of the house: a set of sources with one front door, and what it may see. */
export interface Floor {
  readonly name: string;
  readonly owns: (path: string) => boolean;
  /** The file through which other floors import it. */
  readonly door: string;
  readonly floors: Readonly<Record<string, Use>>;
  readonly packages: readonly string[];
  /** Whether Node's own modules may be imported. */
  readonly node: boolean;
  /** No clock, no chance, no waiting, nothing locale-aware. */
  readonly pure: boolean;
}

const under = (folder: string) => (path: string) => path.startsWith(`${folder}/`);

const lower = { raft: 'values', 'src/table': 'values' } as const;
const seams = { 'src/clock': 'types', storage: 'types', 'src/transport': 'types' } as const;

/** ARCHITECTURE.md section 1, as a table that a machine reads. */
export const floors: readonly Floor[] = [
  {
    name: 'raft',
    owns: under('raft'),
    door: 'raft/index.ts',
    floors: {},
    packages: [],
    node: false,
    pure: true,
  },
  {
    name: 'src/table',
    owns: under('src/table'),
    door: 'src/table/index.ts',
    floors: {},
    packages: [],
    node: false,
    pure: true,
  },
  {
    name: 'src/clock',
    owns: under('src/clock'),
    door: 'src/clock/index.ts',
    floors: {},
    packages: [],
    node: true,
    pure: false,
  },
  {
    name: 'storage',
    owns: under('storage'),
    door: 'storage/index.ts',
    floors: { raft: 'values' },
    packages: ['level', 'msgpackr'],
    node: true,
    pure: false,
  },
  {
    name: 'src/transport',
    owns: under('src/transport'),
    door: 'src/transport/index.ts',
    floors: { raft: 'values', 'src/clock': 'types' },
    packages: ['@grpc/grpc-js', 'msgpackr'],
    node: true,
    pure: false,
  },
  {
    name: 'src/node',
    owns: under('src/node'),
    door: 'src/node/index.ts',
    floors: { ...lower, ...seams },
    packages: ['msgpackr'],
    node: true,
    pure: false,
  },
  {
    name: 'src/server',
    owns: under('src/server'),
    door: 'src/server/index.ts',
    floors: { ...lower, ...seams, 'src/node': 'values' },
    packages: ['msgpackr'],
    node: true,
    pure: false,
  },
  {
    name: 'src/cli',
    owns: under('src/cli'),
    door: 'src/cli/main.ts',
    floors: { src: 'values' },
    packages: ['commander', 'zod', 'pino'],
    node: true,
    pure: false,
  },
  {
    name: 'src',
    // What no floor above claims: src/*.ts, src/client, src/testing. Keep it last.
    owns: under('src'),
    door: 'src/index.ts',
    floors: {
      raft: 'types',
      'src/table': 'types',
      'src/clock': 'values',
      storage: 'values',
      'src/transport': 'values',
      'src/node': 'values',
      'src/server': 'values',
    },
    packages: ['zod'],
    node: true,
    pure: false,
  },
];

/** The floor that `path` stands on; undefined for tests, benches, examples and tools. */
export const floorOf = (path: string): Floor | undefined => floors.find((floor) => floor.owns(path));
