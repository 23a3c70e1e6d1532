import type { Mutant } from './mutant.ts';

const table = { tests: ['test/table'] };
const everywhere = { ...table, seeds: 100 };

/** Bugs of reader-writer locks. */
const readerWriter: readonly Mutant[] = [
  {
    id: 'reader-past-writer',
    guard: 'a reader waits behind a waiting writer, and nobody is overtaken by those who fit',
    file: 'src/table/locks.ts',
    find: 'return lock === undefined || (lock.queue.length === 0 && lock.admits(mode, permits));',
    plant: 'return lock === undefined || lock.admits(mode, permits);',
    killer: everywhere,
  },
  {
    id: 'reader-beside-writer',
    guard: 'nobody reads while somebody writes',
    file: 'src/table/lock-row.ts',
    find: '        return this.#writers === 0;\n',
    plant: '        return this.#writers <= 1;\n',
    killer: everywhere,
  },
  {
    id: 'two-upgradeable',
    guard: 'one alone may be upgraded later, or two would wait for each other',
    file: 'src/table/lock-row.ts',
    find: 'return this.#writers === 0 && this.#upgradeables === 0;',
    plant: 'return this.#writers === 0;',
    killer: everywhere,
  },
  {
    id: 'upgrade-beside-readers',
    guard: 'an upgrade waits until the readers have left',
    file: 'src/table/lock-row.ts',
    find: 'if (terms.upgrades !== undefined) return lock.holders.length === 1;',
    plant: 'if (terms.upgrades !== undefined) return lock.holders.length >= 1;',
    killer: everywhere,
  },
  {
    id: 'upgrade-at-the-end',
    guard: 'an upgrade stands in front of all who wait, or it would wait for them for ever',
    file: 'src/table/locks.ts',
    find: 'lock.queue.unshift(claim);',
    plant: 'lock.queue.push(claim);',
    killer: everywhere,
  },
  {
    id: 'upgrade-restored-at-the-end',
    guard: 'a restored upgrade stands where it stood',
    file: 'src/table/restore.ts',
    find: 'lock.queue.unshift(claim);',
    plant: 'lock.queue.push(claim);',
    killer: table,
  },
  {
    id: 'downgrade-keeps-all-waiting',
    guard: 'a downgrade lets in who fits beside it',
    file: 'src/table/requests.ts',
    find: '    this.passOn([hold.lock], emit);\n    return answers.downgraded;',
    plant: '    return answers.downgraded;',
    killer: everywhere,
  },
  {
    id: 'upgrade-outlives-hold',
    guard: 'a release ends the upgrade that the hold waits for',
    file: 'src/table/requests.ts',
    find: '    if (upgrade !== undefined) this.#endWait(upgrade, answers.cancelled, emit);\n',
    plant: '',
    killer: table,
  },
  {
    id: 'kinds-mixed',
    guard: 'a name has one kind at a time',
    file: 'src/table/requests.ts',
    find: 'else if (lock.kind !== kindOf(part.mode)) return answers.kindMismatch(part.name, lock.kind);',
    plant: '',
    killer: table,
  },
  {
    id: 'late-upgrade-kept',
    guard: 'an upgrade that was granted when it was given up is taken back',
    file: 'src/conversion.ts',
    find: "    if (this.#state === 'cancelling') return this.#putBack();\n",
    plant: "    if (this.#state === 'cancelling') return this.#settle(this.#givenUp('applied'));\n",
    killer: { tests: ['test/api/conversion.test.ts'] },
  },
  {
    id: 'release-under-old-token',
    guard: 'a release waits for the token of an upgrade that is under way',
    file: 'src/hold.ts',
    find: '    if (this.#conversion === undefined) done();\n    else this.#conversion.whenSettled(done);\n',
    plant: '    done();\n',
    killer: { tests: ['test/api/conversion.test.ts'] },
  },
];

/** Bugs of semaphores. */
const semaphores: readonly Mutant[] = [
  {
    id: 'permits-uncounted',
    guard: 'several permits are granted only if all of them are there',
    file: 'src/table/lock-row.ts',
    find: 'return this.#permitsOut + permits <= this.limit;',
    plant: 'return this.#permitsOut < this.limit && permits > 0;',
    killer: everywhere,
  },
  {
    id: 'permits-half-freed',
    guard: 'the end of a hold frees exactly what it held',
    file: 'src/table/lock-row.ts',
    find: "if (mode === 'S') this.#permitsOut += by * permits;",
    plant: "if (mode === 'S') this.#permitsOut += by > 0 ? permits : -1;",
    killer: everywhere,
  },
  {
    id: 'limit-unchecked',
    guard: 'a semaphore has one limit while anybody is at it',
    file: 'src/table/requests.ts',
    find: 'else if (lock.limit !== part.limit) return answers.semaphoreLimit(part.name, lock.limit);',
    plant: '',
    killer: table,
  },
  {
    id: 'limit-forgotten',
    guard: 'a changed limit is part of checkpoint and snapshot',
    file: 'src/table/table.ts',
    find: '    changes.limits.takeInto(rows);\n',
    plant: '',
    killer: table,
  },
  {
    id: 'hopeless-waiter-kept',
    guard: 'whoever wants more than a lowered limit does not hold up all behind him',
    file: 'src/table/requests.ts',
    find: '.filter(({ permits }) => permits > limit)',
    plant: '.filter(({ permits }) => permits < 0)',
    killer: table,
  },
  {
    id: 'permits-not-passed',
    guard: 'the call asks for as many permits as it says',
    file: 'src/semaphore.ts',
    find: "parts: [{ name, mode: 'S', permits, limit: maxCount }],",
    plant: "parts: [{ name, mode: 'S', permits: Math.min(1, permits), limit: maxCount }],",
    killer: { tests: ['test/api/conformance.test.ts'] },
  },
];

/** Bugs of the locks that are not exclusive. */
export const familyMutants: readonly Mutant[] = [...readerWriter, ...semaphores];
