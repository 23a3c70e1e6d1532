import { expect, it } from 'vitest';
import type { Query, SessionRequest } from '../../src/node/index.ts';
import { clientTuple, parseClientMessage, parseServerMessage, serverTuple } from '../../src/server/index.ts';
import type { Answer } from '../../src/table/index.ts';

const turn = { session: 3, sequence: 2, mark: 1 } as const;

const guard = { name: 'g', token: 5 } as const;

/** What is asked of locks that are not exclusive, for owners, and behind a guard. */
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
  {
    ...turn,
    kind: 'acquire-all',
    parts: [{ name: 'x', mode: 'X', permits: 1, limit: 0 }],
    waits: true,
    owner: undefined,
    reenters: false,
    options: { metadata: 'm', queueLengthMax: 3 },
  },
  { ...turn, kind: 'upgrade', name: 'r', token: 7, waits: true },
  { ...turn, kind: 'downgrade', name: 'r', token: 7, to: 'R' },
  { ...turn, kind: 'limit', name: 's', limit: 4 },
  { ...turn, kind: 'proclaim', name: 'x', token: 7, metadata: 'a\nb' },
  { ...turn, kind: 'guarded', guard, request: { ...turn, kind: 'acquire', name: 'x', mode: 'X', waits: true } },
  { ...turn, kind: 'guarded', guard, request: { ...turn, kind: 'write', register: 'k', value: 'v', expected: 0 } },
  {
    ...turn,
    kind: 'guarded',
    guard,
    request: { ...turn, kind: 'write', register: 'k', value: null, expected: undefined },
  },
  { ...turn, kind: 'begun', name: 'x', token: 7 },
  { ...turn, kind: 'force-release', name: 'x', token: undefined, actor: 'ann', reason: '' },
  { ...turn, kind: 'request-revoke', name: 'x', token: 7, actor: 'ann', reason: 'soon' },
  { ...turn, kind: 'end-session', target: 5, actor: 'ann', reason: '' },
  { ...turn, kind: 'steal', name: 'x', mode: 'W', actor: 'ann', reason: '' },
];

const by = { session: 4, actor: 'ann', reason: 'it hangs' };

const terms = { mode: 'S', permits: 2, owner: 'ann', options: { secret: 'f'.repeat(32), sticky: true } } as const;

const answers: readonly Answer[] = [
  { kind: 'granted', token: 7, grantedAt: 1, terms },
  { kind: 'granted', token: 7, grantedAt: 1, terms: { ...terms, owner: undefined } },
  { kind: 'force-released', count: 2, tokens: [7, 9] },
  { kind: 'revoke-requested', count: 1, tokens: [7] },
  { kind: 'session-closed' },
  { kind: 'not-closed', why: 'own' },
  { kind: 'downgraded' },
  { kind: 'fenced', highest: 0 },
  { kind: 'written', version: 2 ** 40 },
  { kind: 'version-mismatch', version: 3 },
  { kind: 'limit-changed' },
  { kind: 'proclaimed' },
  { kind: 'begun' },
  { kind: 'wrong-mode', mode: 'U' },
  { kind: 'kind-mismatch', name: 'x', is: 'reader-writer' },
  { kind: 'semaphore-limit', name: 'x', limit: 3 },
  { kind: 'queue-full', name: 'x', max: 0 },
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

it('what a client asks about a hold and of a register is read back', () => {
  const queries: readonly Query[] = [
    { kind: 'verify', name: 'x', token: 2 ** 40, consistency: 'local' },
    { kind: 'register', name: 'k', consistency: 'linearizable' },
  ];
  const messages = queries.map((query) => ({ kind: 'query', id: 3, query }) as const);

  expect(messages.map((message) => parseClientMessage(clientTuple(message)))).toEqual(messages);
});

it('a write without a guard is no message', () => {
  expect(parseClientMessage(['submit', [41, 3, 2, 1, 'k', 'v', null]])).toMatchObject({ kind: 'bad' });
});

it('what it is answered is read back', () => {
  const messages = answers.map((answer) => ({ kind: 'answer', session: 1, sequence: 2, answer }) as const);

  expect(messages.map((message) => parseServerMessage(serverTuple(message)))).toEqual(messages);
});

it('a question for a place in a queue is read back', () => {
  const query = { kind: 'position', session: 3, sequence: 4, consistency: 'local' } as const;
  const message = { kind: 'query', id: 2, query } as const;

  expect(parseClientMessage(clientTuple(message))).toEqual(message);
  expect(parseClientMessage(['query', 2, ['position', 3, -4, 'local']])).toMatchObject({ kind: 'bad' });
});

it('no client says that a hold is overdue, or a delay over: that is for the leader', () => {
  expect(parseClientMessage(['submit', [16, 'x', 7]])).toMatchObject({
    kind: 'bad',
    bad: expect.stringContaining('delay-over'),
  });
  expect(parseClientMessage(['submit', [15, 'x', 7]])).toMatchObject({
    kind: 'bad',
    bad: expect.stringContaining('overdue'),
  });
});

it('what it hears of operators is read back', () => {
  const messages = [
    { kind: 'taken', session: 1, taken: { name: 'x', token: 7, by } },
    { kind: 'taken', session: 1, taken: { name: 'x', token: 7, by, isHandedOver: true } },
    { kind: 'revoke', session: 1, taken: { name: 'x', token: 7, by } },
    { kind: 'ended', session: 1, end: 'closed', by },
    { kind: 'ended', session: 1, end: 'expired' },
  ] as const;

  expect(messages.map((message) => parseServerMessage(serverTuple(message)))).toEqual(messages);
});

it.each([
  [['taken', 1, 'x', 7, 4, 'ann']],
  [['taken', 1, 'x', 0.5, 4, 'ann', '']],
  [['taken', 1, 'x', 7, 4, 'ann', '', 1]],
  [['revoke', 1, 'x', 7, 4, 'ann', '', true]],
  [['answer', 1, 2, ['granted', 7, 1, ['Q', 1, null, 1, 'm']]]],
  [['answer', 1, 2, ['granted', 7, 1, ['X', 1, null]]]],
  [['ended', 1, 'closed', 4]],
  [['answer', 1, 2, ['force-released', 1, ['7']]]],
  [['answer', 1, 2, ['not-closed', 'tired']]],
])('but not what is no such message: %j', (message) => {
  expect(parseServerMessage(message)).toMatchObject({ kind: 'bad' });
});
