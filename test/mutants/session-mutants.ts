import type { Mutant } from './mutant.ts';

const learnedBySnapshot = { tests: ['test/node/learned-by-snapshot.test.ts'] };
const lateStreams = { tests: ['test/node/late-streams.test.ts'] };
const clients = { tests: ['test/node/clients.test.ts'] };
const engine = { tests: ['test/api/session-engine.test.ts'] };

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
  {
    id: 'failing-node-ends-sessions',
    guard: 'a node that stops sends its clients to another one, instead of telling them that their sessions ended',
    file: 'src/server/client-stream.ts',
    find: "    if (end === 'unknown') {\n      this.#outlet.flush();\n      return this.#world.channel.close();\n    }\n",
    plant: '',
    killer: clients,
  },
  {
    id: 'unknown-without-barrier',
    guard: 'no session is said to have ended by a table that a quorum has not confirmed to be current',
    file: 'src/server/client-stream.ts',
    find: '    this.#attaching.add(session);\n    this.#tryAttach(session, nonce, false);\n',
    plant: '    this.#attaching.add(session);\n    this.#tryAttach(session, nonce, true);\n',
    killer: { tests: ['test/node/lagging-streams.test.ts'] },
  },
  {
    id: 'deadline-without-timer',
    guard: 'a holder is told at its deadline, not at the next heartbeat or question after it',
    file: 'src/session.ts',
    find: '    this.#armDeadline();\n    return hold;\n',
    plant: '    return hold;\n',
    killer: engine,
  },
  {
    id: 'parked-grant-kept',
    guard: 'a grant that could not be claimed yet is released when it is given up',
    file: 'src/acquisition.ts',
    find: '        session?.unpark(this);\n        this.#putBack();\n',
    plant: '        session?.unpark(this);\n',
    killer: engine,
  },
  {
    id: 'cancelled-grant-kept',
    guard: 'a grant that the answer to a cancel tells of is released',
    file: 'src/acquisition.ts',
    find: "('not-applied'));\n    this.#token = answer.token;\n    this.#putBack();\n    this.#settle(this.#givenUp('applied'));\n  }\n\n  /**\n   * Releases",
    plant: "('not-applied'));\n    this.#settle(this.#givenUp('applied'));\n  }\n\n  /**\n   * Releases",
    killer: { tests: ['test/api/cancel-answer.test.ts'] },
  },
];
