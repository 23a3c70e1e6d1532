import { describe, expect, test } from 'vitest';
import { Core, defaultCoreLimits, type Input, InvariantViolation, type Restored } from '../../raft/index.ts';
import { chainOf, genesis, logAfter, logOf, votersOf } from './entries.ts';
import { append, appendOf, heartbeat } from './messages.ts';
import { leaderOver, Node } from './node.ts';

const log = logOf([1, 1, 2]);

/** Holds `log`, two entries of it committed, and follows `b` in term 3. */
const follower = (): Node =>
  new Node('a', { entries: log, term: 3 }).receive(append({ term: 3, prevIndex: 2, prevTerm: 1, commit: 2 }));

const message = (input: Extract<Input, { kind: 'message' }>['message']): Input => ({ kind: 'message', message: input });

describe('a node stops for good', () => {
  test.each<[string, () => Node, Input]>([
    ['a message for somebody else', follower, message(heartbeat({ term: 3, to: 'c' }))],
    ['a second leader in its term', follower, message(heartbeat({ term: 3, from: 'c' }))],
    ['a leader beside itself', () => leaderOver([1]), message(append({ term: 2, from: 'c' }))],
    [
      'an entry in the place of a committed one',
      follower,
      message(appendOf(logAfter(log.slice(0, 1), [3], 'other'), { from: 2, to: 2 }, { term: 3 })),
    ],
    ['a leader whose log lacks what is committed', follower, message(append({ term: 3, prevIndex: 2, prevTerm: 3 }))],
    [
      'two entries of one index and term',
      follower,
      message(appendOf(logAfter(log.slice(0, 2), [2], 'other'), { from: 3, to: 3 }, { term: 3 })),
    ],
    [
      'an entry that does not follow from its log',
      follower,
      message(append({ term: 3, prevIndex: 3, prevTerm: 2, entries: logOf([1, 1, 1, 3], 'other').slice(3) })),
    ],
    ['a gap in an append', follower, message(append({ term: 3, prevIndex: 1, prevTerm: 1, entries: log.slice(2) }))],
    [
      'an append whose terms fall',
      follower,
      message(append({ term: 3, prevIndex: 3, prevTerm: 3, entries: logOf([1, 1, 2, 2]).slice(3) })),
    ],
    [
      'entries of a later term than their leader’s',
      follower,
      message(appendOf(logOf([4]), { from: 1, to: 1 }, { term: 3 })),
    ],
    ['a write that it never asked for', follower, { kind: 'durable', write: 99 }],
    ['applied entries that it never gave out', follower, { kind: 'applied', index: 3 }],
  ])('at %s', (_what, make, input) => {
    const node = make();

    expect(() => node.step(input)).toThrow(InvariantViolation);
    expect(() => node.core.step({ kind: 'tick' }, node.now)).toThrow(InvariantViolation);
    expect(() => node.core.take()).toThrow(InvariantViolation);
  });

  test('when time goes back', () => {
    const node = new Node('a').pass(10);
    node.now = 5;

    expect(() => node.step({ kind: 'tick' })).toThrow(/time/);
  });

  test('at a configuration that it cannot read', () => {
    const body = { index: 1, term: 3, kind: 'configuration' as const, payload: Uint8Array.of(77) };
    const entries = [{ ...body, chain: chainOf(0, body) }];

    expect(() => new Node('a', { term: 3 }).receive(append({ term: 3, entries }))).toThrow(InvariantViolation);
  });
});

describe('a node does not start', () => {
  const options = {
    self: 'a',
    chainOf,
    seed: 1,
    heartbeatInterval: 100,
    electionTimeout: 1000,
    limits: defaultCoreLimits,
  };
  const sound: Restored = {
    hardState: { term: 2, votedFor: undefined },
    checkpoint: { position: genesis, configuration: { index: 0, configuration: votersOf('a') } },
    base: genesis,
    entries: log,
  };
  const { checkpoint } = sound;

  test.each<[string, Partial<Restored>]>([
    ['with a term below its log’s (S05)', { hardState: { term: 1, votedFor: undefined } }],
    ['with a hole in its log', { entries: [...log.slice(0, 1), ...log.slice(2)] }],
    ['with a checkpoint beyond its log', { checkpoint: { ...checkpoint, position: { index: 9, term: 2, chain: 1 } } }],
    ['with a checkpoint of another log', { checkpoint: { ...checkpoint, position: { index: 2, term: 1, chain: 1 } } }],
  ])('%s', (_what, damage) => {
    expect(() => new Core(options, { ...sound, ...damage })).toThrow(InvariantViolation);
  });

  test('unless everything fits', () => {
    expect(new Core(options, sound).status).toMatchObject({ lastIndex: 3, term: 2, commitIndex: 0 });
  });
});

describe('what the world can do to a node does not stop it', () => {
  test.each<[string, Input]>([
    ['a message from itself', message(heartbeat({ term: 2, from: 'a' }))],
    ['an answer to nothing', message({ kind: 'read-reply', from: 'b', to: 'a', term: 3, read: 7, index: 9 })],
    ['a late append', message(appendOf(log, { from: 1, to: 1 }, { term: 3 }))],
    ['an append far ahead', message(append({ term: 3, prevIndex: 500, prevTerm: 3 }))],
    ['the end of a transfer that was never begun', { kind: 'snapshot-sent', to: 'x', delivered: true }],
    ['an installation that was never begun', { kind: 'snapshot-installed', index: 70 }],
    ['a broken link to a stranger', { kind: 'unreachable', peer: 'x', refused: true }],
    ['a transfer to a stranger', { kind: 'transfer', to: 'x' }],
  ])('%s', (_what, input) => {
    const node = follower().step(input);

    expect(node.status).toMatchObject({ role: 'follower', term: 3, lastIndex: 3, commitIndex: 2 });
  });
});
