import type { Mutant } from './mutant.ts';

const fencing = { tests: ['test/fencing'] };
const facades = { tests: ['test/facades'] };
const testing = { tests: ['test/testing/faults.test.ts', 'test/testing/test-cluster.test.ts'] };

/** Bugs behind the side doors of the package: fencing, the shapes of others, the cluster for unit tests. */
export const sideMutants: readonly Mutant[] = [
  {
    id: 'side-fence-lower',
    guard: 'a fence refuses a token below the highest that it has seen',
    file: 'src/fencing/fence.ts',
    find: 'token < highestSeen',
    plant: 'token < 0',
    killer: fencing,
  },
  {
    id: 'side-fence-full',
    guard: 'a fence that is full refuses new resources',
    file: 'src/fencing/fence.ts',
    find: 'this.#seen.size >= this.#resourcesMax',
    plant: 'false',
    killer: fencing,
  },
  {
    id: 'side-sql-update',
    guard: 'a guarded update changes no row that has seen a higher token',
    file: 'src/fencing/sql.ts',
    find: "[...conditions, guard].join(' AND ')",
    plant: "[...conditions, guard].join(' OR ')",
    killer: fencing,
  },
  {
    id: 'side-sql-upsert',
    guard: 'a guarded upsert changes no row that has seen a higher token',
    file: 'src/fencing/sql.ts',
    find: ', 0) <= excluded.',
    plant: ', 0) >= 0 OR 0 < excluded.',
    killer: fencing,
  },
  {
    id: 'side-sql-quotes',
    guard: 'a quote in a name does not end it',
    file: 'src/fencing/sql.ts',
    find: 'identifier.replaceAll(quote, quote + quote)',
    plant: 'identifier',
    killer: fencing,
  },
  {
    id: 'side-http-strict',
    guard: 'a token in a header is a decimal number and nothing else',
    file: 'src/fencing/http.ts',
    find: '/^[1-9][0-9]{0,15}$/',
    plant: '/./',
    killer: fencing,
  },
  {
    id: 'side-web-reason',
    guard: 'a web lock whose request is aborted rejects with the reason of the signal',
    file: 'src/facades/web-locks.ts',
    find: 'if (error instanceof CancelledError && signal?.aborted === true) throw signal.reason;',
    plant: '',
    killer: facades,
  },
  {
    id: 'side-web-lost',
    guard: 'a web lock that is lost rejects at once',
    file: 'src/facades/web-locks.ts',
    find: "handle.on('lost', (error) => reject(stolen(error)));",
    plant: '',
    killer: facades,
  },
  {
    id: 'side-mutex-cancel',
    guard: 'a mutex that is cancelled rejects those who wait',
    file: 'src/facades/mutex.ts',
    find: 'this.#waiting.add(controller);',
    plant: '',
    killer: facades,
  },
  {
    id: 'side-time-breath',
    guard: 'virtual time does not go on before the code that awaits has heard of the moment before',
    file: 'src/testing/stepped-time.ts',
    find: '      await breath();\n',
    plant: '',
    killer: testing,
  },
  {
    id: 'side-kill-questions',
    guard: 'what is asked of a node that is killed is answered',
    file: 'src/testing/test-hosts.ts',
    find: '    host.runtime.stop({ deadlineMs: 0 }, () => undefined);\n',
    plant: '',
    killer: testing,
  },
  {
    id: 'side-kill-handles',
    guard: 'the handles of a node that is killed are lost',
    file: 'src/testing/test-hosts.ts',
    find: '    host.fail(failure);\n    host',
    plant: '    host',
    killer: testing,
  },
];
