import type { Mutant } from './mutant.ts';

const table = { tests: ['test/table'] };
const everywhere = { ...table, seeds: 100 };
const api = { tests: ['test/api/conformance.test.ts'] };

/** Bugs of what a request says of its hold, and of how long a queue may be. */
const asked: readonly Mutant[] = [
  {
    id: 'options-not-compared',
    guard: 'the same sequence with other options is another request',
    file: 'src/table/session.ts',
    find: '          areSameOptions(command.options, asked.options) &&\n',
    plant: '',
    killer: table,
  },
  {
    id: 'options-not-restored',
    guard: 'a restored hold says what it said',
    file: 'src/table/restore.ts',
    find: "options: options === undefined ? undefined : optionsField(options, 'its options'),",
    plant: 'options: undefined,',
    killer: table,
  },
  {
    id: 'option-of-a-later-version-ignored',
    guard: 'a node that does not know an option must not act as if it had not been given',
    file: 'src/table/hold-options.ts',
    find: '    default:\n',
    plant: '    case -1:\n',
    killer: table,
  },
  {
    id: 'metadata-without-bound',
    guard: 'nobody fills the table with one hold',
    file: 'src/table/limits.ts',
    find: 'return validateText(metadata, metadataBytesMax, true);',
    plant: 'return validateText(metadata, metadataBytesMax * 2, true);',
    killer: table,
  },
  {
    id: 'metadata-lost-by-upgrade',
    guard: 'who waits for an upgrade says what he said of his hold',
    file: 'src/table/locks.ts',
    find: 'const { owner, options } = hold.terms ?? plain;',
    plant: 'const { owner, options } = { ...(hold.terms ?? plain), options: undefined };',
    killer: table,
  },
  {
    id: 'queue-one-too-long',
    guard: 'behind so many waiters nobody goes who said so',
    file: 'src/table/locks.ts',
    find: 'queue.length ?? 0) >= max);',
    plant: 'queue.length ?? 0) > max);',
    killer: everywhere,
  },
  {
    id: 'queue-of-the-first-lock-alone',
    guard: 'the queues of all locks of a request count',
    file: 'src/table/locks.ts',
    find: 'const full = parts.find(',
    plant: 'const full = parts.slice(0, 1).find(',
    killer: table,
  },
  {
    id: 'queue-refuses-what-is-free',
    guard: 'only who would have to wait is refused',
    file: 'src/table/requests.ts',
    find: 'const full = isFree ? undefined : this.#locks.fullFor(command);',
    plant: 'const full = this.#locks.fullFor(command);',
    killer: table,
  },
  {
    id: 'place-counted-from-zero',
    guard: 'the next one has place 1',
    file: 'src/table/inspect.ts',
    find: '  let place = 1;\n',
    plant: '  let place = 0;\n',
    killer: table,
  },
  {
    id: 'place-in-the-shortest-queue',
    guard: 'several locks are as far away as the farthest',
    file: 'src/table/inspect.ts',
    find: 'Math.max(...(claim.terms?.group ?? [claim]).map(placeOf))',
    plant: 'Math.min(...(claim.terms?.group ?? [claim]).map(placeOf))',
    killer: table,
  },
  {
    id: 'place-told-though-granted',
    guard: 'who waits no more has no place',
    file: 'src/table/inspect.ts',
    find: '    if (claim === undefined) return null;\n',
    plant: '    if (claim === undefined) return 1;\n',
    killer: table,
  },
  {
    id: 'metadata-not-carried',
    guard: 'what the options say reaches the cluster',
    file: 'src/awaiting.ts',
    find: 'owner === undefined && hold === undefined',
    plant: 'owner === undefined',
    killer: api,
  },
];

export const optionMutants: readonly Mutant[] = [...asked];
