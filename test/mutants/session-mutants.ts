import type { Mutant } from './mutant.ts';

const learnedBySnapshot = { tests: ['test/node/learned-by-snapshot.test.ts'] };

/** Bugs on the way of a session's requests and answers, from its process through a stream to the node that serves it. */
export const sessionMutants: readonly Mutant[] = [
  {
    id: 'opening-not-settled',
    guard: 'an opening that was decided inside an installed snapshot is answered by it',
    file: 'src/node/tickets.ts',
    find: '      if (opened !== undefined) this.#opened(nonce, opened.session);\n',
    plant: '',
    killer: learnedBySnapshot,
  },
  {
    id: 'end-not-settled',
    guard: 'a session that ended inside an installed snapshot hears of it',
    file: 'src/node/tickets.ts',
    find: "        this.#ended(session, 'unknown');\n        continue;\n",
    plant: '        continue;\n',
    killer: learnedBySnapshot,
  },
];
