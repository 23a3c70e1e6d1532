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

/** Bugs of requests for several locks. */
const composites: readonly Mutant[] = [
  {
    id: 'composite-in-pieces',
    guard: 'several locks are granted once all of them can be',
    file: 'src/table/lock-row.ts',
    find: 'return terms.group.every((part) => part.lock.queue.head === part && part.lock.admits(part.mode, part.permits));',
    plant: 'return lock.admits(mode, terms.permits);',
    killer: everywhere,
  },
  {
    id: 'composite-past-queue',
    guard: 'a request for several locks waits for its turn at each',
    file: 'src/table/lock-row.ts',
    find: 'part.lock.queue.head === part && part.lock.admits(part.mode, part.permits)',
    plant: 'part.lock.admits(part.mode, part.permits)',
    killer: everywhere,
  },
  {
    id: 'composite-stops-others',
    guard: 'a grant of several locks lets in who stands behind it on each',
    file: 'src/table/requests.ts',
    find: '      if (group !== undefined) others = [...others, ...this.#partAll(group, lock)];\n',
    plant: '      if (group !== undefined) this.#partAll(group, lock);\n',
    killer: everywhere,
  },
  {
    id: 'composite-left-behind',
    guard: 'a request that is given up leaves all its queues',
    file: 'src/table/locks.ts',
    find: 'else for (const part of group) this.#dequeue(part);\n  }\n\n  /** Grants a waiter',
    plant: 'else this.#dequeue(claim);\n  }\n\n  /** Grants a waiter',
    killer: everywhere,
  },
  {
    id: 'composite-restored-apart',
    guard: 'a restored request for several locks is still one',
    file: 'src/table/restore.ts',
    find: '  for (const { terms } of group) if (terms !== undefined) terms.group = group;\n',
    plant: '',
    killer: table,
  },
  {
    id: 'parts-kept',
    guard: 'a composite that is granted too late is put back whole',
    file: 'src/acquisition.ts',
    find: "      if (at > 0) session.ask({ kind: 'release', name: part.name, token: token + at });\n",
    plant: '',
    killer: { tests: ['test/api/composite.test.ts'] },
  },
  {
    id: 'composite-hides-loss',
    guard: 'the signal of a composite is that of the first loss',
    file: 'src/composite.ts',
    find: "        else signal.addEventListener('abort', () => abort.abort(signal.reason), { once: true });\n",
    plant: '',
    killer: { tests: ['test/api/composite.test.ts'] },
  },
];

/** Bugs of the locks that are not exclusive. */
export const familyMutants: readonly Mutant[] = [...readerWriter, ...semaphores, ...composites];
