import type { Mutant } from './mutant.ts';

/** Nothing but the checker of histories looks, at what whole nodes tell under random commands and faults. */
const byHistory = { tests: ['test/linearizability/simulated-mixed.test.ts'] };

/** Bugs of conversions, composites, owners and limits that clients can see, without a look at the table. */
export const historyMutants: readonly Mutant[] = [
  {
    id: 'upgrade-tells-old-token',
    guard: 'an upgrade that need not wait is answered with its new token',
    file: 'src/table/requests.ts',
    find: '      this.#convert(hold, sequence, emit);\n      return grantOf(hold);\n',
    plant: '      const before = grantOf(hold);\n      this.#convert(hold, sequence, emit);\n      return before;\n',
    killer: byHistory,
  },
  {
    id: 'downgrade-too-far',
    guard: 'a write that is made an upgradeable read keeps other upgradeable reads out',
    file: 'src/table/requests.ts',
    find: 'this.#locks.downgrade(hold, to);',
    plant: "this.#locks.downgrade(hold, to === 'U' ? 'R' : to);",
    killer: byHistory,
  },
  {
    id: 'composite-tokens-exchanged',
    guard: 'the tokens of several locks follow one another in the order of the request',
    file: 'src/table/locks.ts',
    find: '    return parts.map((part) => {\n',
    plant: '    return [...parts].reverse().map((part) => {\n',
    killer: byHistory,
  },
  {
    id: 'composite-takes-the-first',
    guard: 'several locks are granted at once only if all of them are free',
    file: 'src/table/requests.ts',
    find: 'isFree = isFree && this.#locks.isFree(part);',
    plant: 'isFree = this.#locks.isFree(part);',
    killer: byHistory,
  },
  {
    id: 'reentry-not-counted',
    guard: 'a hold that was entered again stays until it is left as often',
    file: 'src/table/requests.ts',
    find: '    this.#locks.enter(hold, 1);\n    return grantOf(hold);\n',
    plant: '    return grantOf(hold);\n',
    killer: byHistory,
  },
  {
    id: 'reenters-other-owner',
    guard: 'a hold is entered again by its own owner only, not by another one of the session',
    file: 'src/table/requests.ts',
    find: 'if (hold === undefined || hold.session !== session || hold.terms?.owner !== owner) return undefined;',
    plant: 'if (hold === undefined || hold.session !== session || owner === undefined) return undefined;',
    killer: byHistory,
  },
  {
    id: 'deadlock-without-circle',
    guard: 'whoever waits for another owner is refused only if that one waits for him',
    file: 'src/table/deadlock.ts',
    find: 'return owner === other.terms?.owner;',
    plant: 'return owner !== undefined && other.terms?.owner !== undefined;',
    killer: byHistory,
  },
  {
    id: 'limit-never-lowered',
    guard: 'a lowered limit holds from its place in the log on',
    file: 'src/table/locks.ts',
    find: '    lock.limit = limit;\n    lock.isKept = true;\n',
    plant: '    lock.limit = Math.max(lock.limit, limit);\n    lock.isKept = true;\n',
    killer: byHistory,
  },
  {
    id: 'hold-keeps-old-token',
    guard: 'a handle goes on under the token of its upgrade',
    file: 'src/hold.ts',
    find: '    this.#mode = mode;\n    this.#token = token;\n    this.#session',
    plant: '    this.#mode = mode;\n    this.#session',
    killer: byHistory,
  },
];
