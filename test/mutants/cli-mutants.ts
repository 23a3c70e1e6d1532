import type { Mutant } from './mutant.ts';

const wish = { file: 'src/cli/lock-wish.ts', killer: { tests: ['test/e2e/lock-wish.test.ts'] } };
const scopes = { tests: ['test/testing/hazards.test.ts', 'test/api/composite.test.ts'] };

/** Bugs of the program, and of what runs while something is held. */
export const cliMutants: readonly Mutant[] = [
  {
    ...wish,
    id: 'cli-last-dashes',
    guard: 'the first dashes end the names; later ones are of the command',
    find: "argv.indexOf('--')",
    plant: "argv.lastIndexOf('--')",
  },
  {
    ...wish,
    id: 'cli-shared-alone',
    guard: 'several shared locks are shared',
    find: "return { lock: name, mode: 'read' };",
    plant: "return { lock: name, mode: 'write' };",
  },
  {
    ...wish,
    id: 'cli-write-beside',
    guard: 'a lock to write is no exclusive lock, or readers would be let in',
    find: '  if (kind.write === true) return await client.acquireWriteLock(name, options);\n',
    plant: '',
  },
  {
    ...wish,
    id: 'cli-permits-of-many',
    guard: 'as many permits as were asked for are held of each semaphore',
    find: 'createSemaphore(name, kind.semaphore), permits: kind.permits ?? 1 }',
    plant: 'createSemaphore(name, kind.semaphore), permits: 1 }',
  },
  {
    id: 'cli-kept-events',
    guard: 'serve keeps as many events as it is told to',
    file: 'src/cli/serve-settings.ts',
    find: 'keptEvents: given.keptEvents,',
    plant: 'keptEvents: given.keptEntries,',
    killer: { tests: ['test/e2e/serve-settings.test.ts'] },
  },
  {
    id: 'use-hides-error',
    guard: 'the error of what ran while something was held is not hidden by that of its release',
    file: 'src/awaiting.ts',
    find: '    await handle[Symbol.asyncDispose]();\n',
    plant: '    await handle.release();\n',
    killer: scopes,
  },
  {
    id: 'use-hides-loss',
    guard: 'what ran to its end without protection does not look like a success',
    file: 'src/awaiting.ts',
    find: '    if (!(error instanceof TimeoutError)) throw error;\n',
    plant: '',
    killer: scopes,
  },
  {
    id: 'use-all-without-options',
    guard: 'several locks that are held while something runs are asked for as the options say',
    file: 'src/provider.ts',
    find: 'return this.acquireAll(requests, options).then(',
    plant: 'return this.acquireAll(requests).then(',
    killer: { tests: ['test/api/composite.test.ts'] },
  },
  {
    id: 'use-all-unreleased',
    guard: 'several locks that are held while something runs are released when it has run',
    file: 'src/composite.ts',
    find: 'await Promise.allSettled(this.parts.map((part) => part.release()));',
    plant: 'await Promise.allSettled(this.parts.slice(1).map((part) => part.release()));',
    killer: { tests: ['test/api/composite.test.ts'] },
  },
];
