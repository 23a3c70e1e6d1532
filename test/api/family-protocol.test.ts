import { expect, it } from 'vitest';
import type { SessionRequest } from '../../src/node/index.ts';
import { clientTuple, parseClientMessage, parseServerMessage, serverTuple } from '../../src/server/index.ts';
import type { Answer } from '../../src/table/index.ts';

const turn = { session: 3, sequence: 2, mark: 1 } as const;

/** What is asked of locks that are not exclusive, or for owners. */
const family: readonly SessionRequest[] = [
  {
    ...turn,
    kind: 'acquire-all',
    parts: [
      { name: 'r', mode: 'R', permits: 1, limit: 0 },
      { name: 's', mode: 'S', permits: 2, limit: 3 },
    ],
    waits: false,
    owner: 'ann',
    reenters: false,
  },
  { ...turn, kind: 'upgrade', name: 'r', token: 7, waits: true },
  { ...turn, kind: 'downgrade', name: 'r', token: 7, to: 'R' },
  { ...turn, kind: 'limit', name: 's', limit: 4 },
  { ...turn, kind: 'force-release', name: 'x', token: undefined, actor: 'ann', reason: '' },
  { ...turn, kind: 'request-revoke', name: 'x', token: 7, actor: 'ann', reason: 'soon' },
  { ...turn, kind: 'end-session', target: 5, actor: 'ann', reason: '' },
  { ...turn, kind: 'steal', name: 'x', mode: 'W', actor: 'ann', reason: '' },
];

const by = { session: 4, actor: 'ann', reason: 'it hangs' };

const answers: readonly Answer[] = [
  { kind: 'force-released', count: 2, tokens: [7, 9] },
  { kind: 'revoke-requested', count: 1, tokens: [7] },
  { kind: 'session-closed' },
  { kind: 'not-closed', why: 'own' },
  { kind: 'downgraded' },
  { kind: 'limit-changed' },
  { kind: 'wrong-mode', mode: 'U' },
  { kind: 'kind-mismatch', name: 'x', is: 'reader-writer' },
  { kind: 'semaphore-limit', name: 'x', limit: 3 },
  {
    kind: 'deadlock',
    cycle: [
      { owner: 'ann', lock: 'x' },
      { owner: null, lock: 'y' },
    ],
  },
];

it('what a client asks of locks of all kinds is read back', () => {
  const messages = family.map((request) => ({ kind: 'submit', request }) as const);

  expect(messages.map((message) => parseClientMessage(clientTuple(message)))).toEqual(messages);
});

it('what it is answered is read back', () => {
  const messages = answers.map((answer) => ({ kind: 'answer', session: 1, sequence: 2, answer }) as const);

  expect(messages.map((message) => parseServerMessage(serverTuple(message)))).toEqual(messages);
});

it('what it hears of operators is read back', () => {
  const messages = [
    { kind: 'taken', session: 1, taken: { name: 'x', token: 7, by } },
    { kind: 'revoke', session: 1, taken: { name: 'x', token: 7, by } },
    { kind: 'ended', session: 1, end: 'closed', by },
    { kind: 'ended', session: 1, end: 'expired' },
  ] as const;

  expect(messages.map((message) => parseServerMessage(serverTuple(message)))).toEqual(messages);
});

it.each([
  [['taken', 1, 'x', 7, 4, 'ann']],
  [['taken', 1, 'x', 0.5, 4, 'ann', '']],
  [['revoke', 1, 'x', 7, 4, 'ann', '', 1]],
  [['ended', 1, 'closed', 4]],
  [['answer', 1, 2, ['force-released', 1, ['7']]]],
  [['answer', 1, 2, ['not-closed', 'tired']]],
])('but not what is no such message: %j', (message) => {
  expect(parseServerMessage(message)).toMatchObject({ kind: 'bad' });
});
