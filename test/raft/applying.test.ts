import { describe, expect, test } from 'vitest';
import { logOf, positionOf, votersOf } from './entries.ts';
import { accepted, append } from './messages.ts';
import { leaderOver, Node } from './node.ts';

const indexes = (node: Node): readonly number[] => node.applied.map(({ index }) => index);
const upTo = (last: number): readonly number[] => Array.from({ length: last }, (_, at) => at + 1);

/** Follows `b`, which has committed all of a long log; its state machine has reported nothing yet. */
function behind(length: number): Node {
  const entries = logOf(Array.from({ length }, () => 1));
  const node = new Node('a', { entries });
  node.appliesAtOnce = false;
  return node.receive(append({ term: 1, prevIndex: length, prevTerm: 1, commit: length }));
}

describe('applying in pages', () => {
  test('goes on as far as reports come, and skips nothing (S36)', () => {
    const node = behind(10_000);
    const first = node.applied.length;

    const ends = [1, 4_095, 4_096, 4_097, 8_193, 10_000].map((index) => {
      node.step({ kind: 'applied', index });
      return node.applied.length;
    });

    expect(first).toBe(4_096);
    expect(ends).toEqual([4_097, 8_191, 8_192, 8_193, 10_000, 10_000]);
    expect(indexes(node)).toEqual(upTo(10_000));
    expect(node.status).toMatchObject({ commitIndex: 10_000, appliedIndex: 10_000 });
  });

  test('does not go back when a report comes again or late (S36)', () => {
    const node = behind(10_000).step({ kind: 'applied', index: 3_000 });

    node.step({ kind: 'applied', index: 1_000 }).step({ kind: 'applied', index: 3_000 });

    expect(indexes(node)).toEqual(upTo(7_096));
    expect(node.status).toMatchObject({ commitIndex: 10_000, appliedIndex: 3_000 });
  });

  test('begins after the checkpoint again when the node restarts (S36)', () => {
    const node = behind(5_000).step({ kind: 'applied', index: 4_096 });

    node.restart().receive(append({ term: 1, prevIndex: 5_000, prevTerm: 1, commit: 5_000 }));

    expect(indexes(node)).toEqual(upTo(4_096));
  });
});

describe('a new leader', () => {
  test('does not lead in the eyes of its driver before it has applied all that came before its term (S46)', () => {
    const node = leaderOver([1, 1, 1]);
    node.appliesAtOnce = false;
    node.step({ kind: 'read', id: 1 });

    node.receive(accepted({ term: 2, match: 4 }));
    const committed = node.status;
    const halfway = node.step({ kind: 'applied', index: 3 }).status;
    node.step({ kind: 'applied', index: 4 });

    expect(committed).toMatchObject({ role: 'leader', commitIndex: 4, leads: false });
    expect(halfway.leads).toBe(false);
    expect(node.status.leads).toBe(true);
  });
});

describe('a configuration in a snapshot', () => {
  test('that is older than what was heard lets nobody win who was removed since (S73)', () => {
    const [former, present] = [votersOf('a', 'b', 'c'), votersOf('a', 'b', 'd')];
    const log = logOf([1, 1, 1, 1]);
    const removed = new Node('c', { configuration: present, term: 1 });
    const voter = new Node('a', {
      entries: log,
      checkpoint: { position: positionOf(log, 4), configuration: { index: 3, configuration: present } },
    });
    const head = { position: positionOf(log, 2), configuration: { index: 0, configuration: former } };

    removed.step({ kind: 'snapshot-received', from: 'b', term: 1, head });
    removed.step({ kind: 'snapshot-installed', index: 2 }).now += 5_000;
    removed.step({ kind: 'campaign' });
    voter.receive(...removed.sent('pre-vote').filter(({ to }) => to === 'a'));

    expect(removed.status).toMatchObject({ role: 'pre-candidate', configIndex: 0, configuration: former });
    expect(voter.sent('pre-vote-reply')).toMatchObject([{ to: 'c', granted: false }]);
    expect(voter.status.term).toBe(1);
  });
});
