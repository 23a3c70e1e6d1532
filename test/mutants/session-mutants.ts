import type { Mutant } from './mutant.ts';

const learnedBySnapshot = { tests: ['test/node/learned-by-snapshot.test.ts'] };
const lateStreams = { tests: ['test/node/late-streams.test.ts'] };
const clients = { tests: ['test/node/clients.test.ts'] };

/** Bugs on the way of a session's requests and answers, from its process through a stream to the node that serves it. */
export const sessionMutants: readonly Mutant[] = [
  {
    id: 'late-end-detaches',
    guard: 'the end of a former stream, noticed late, does not detach the one that took its place',
    file: 'src/node/tickets.ts',
    find: 'if (attachment === undefined || attachment.listener !== listener) return;',
    plant: 'if (attachment === undefined) return;',
    killer: lateStreams,
  },
  {
    id: 'former-stream-kept',
    guard: 'a session that is attached anew is answered on the newer stream',
    file: 'src/node/tickets.ts',
    find: '    known.listener = listener;\n',
    plant: '',
    killer: lateStreams,
  },
  {
    id: 'answered-takes-room',
    guard: 'a request that has its answer takes no room any more',
    file: 'src/node/tickets.ts',
    find: '      attachment.open.delete(sequence);\n      this.#openCount -= 1;\n',
    plant: '      attachment.open.delete(sequence);\n',
    killer: clients,
  },
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
