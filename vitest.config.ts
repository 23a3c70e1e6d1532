import { defineConfig } from 'vitest/config';

/** Tests that start processes, pack the package or simulate for long; they run after the others, in their own group. */
const slow = [
  ...['test/e2e/**/*.test.ts', 'test/package/**/*.test.ts', 'test/sim/**/*.test.ts'],
  'test/bench/cluster.test.ts',
];

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: 'fast',
          // Its files share the modules that they test, which keep no state but counters: loading them anew costs half a minute.
          isolate: false,
          include: ['test/**/*.test.ts'],
          exclude: slow,
          testTimeout: 20_000,
          hookTimeout: 20_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'slow',
          include: slow,
          testTimeout: 180_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
