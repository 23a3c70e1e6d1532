import { describe, expect, it } from 'vitest';
import type { ClientMessage } from '../../src/server/index.ts';
import type { Guarded } from '../../src/table/index.ts';
import { StreamRig } from './stream-rig.ts';

const list = (id: number): ClientMessage => ({
  kind: 'query',
  id,
  query: { kind: 'list', prefix: '', limit: 10_000, after: undefined, consistency: 'local' },
});

const inspect = (id: number): ClientMessage => ({
  kind: 'query',
  id,
  query: { kind: 'inspect', name: 'x', consistency: 'local' },
});

const acquire = (sequence: number, name: string): ClientMessage => ({
  kind: 'submit',
  request: { kind: 'acquire', session: 1, sequence, mark: 0, name, mode: 'X', waits: true },
});

const answered = { ok: true, value: [], appliedIndex: 1 } as const;

describe('the questions of one client', () => {
  it('about many locks are looked up one at a time, each once the one before has been read', () => {
    const rig = new StreamRig();
    const asked: number[] = [];
    rig.isRead = false;

    rig.say(list(1), list(2), list(3));
    asked.push(rig.servant.questions.length);
    rig.servant.questions[0]?.done(answered);
    asked.push(rig.servant.questions.length);
    rig.stream.drained();
    asked.push(rig.servant.questions.length);

    expect(asked).toEqual([1, 1, 2]);
    expect(rig.of('result').map(([, id]) => id)).toEqual([1]);
  });

  it('are answered no faster than it reads', () => {
    const rig = new StreamRig();
    rig.say(...Array.from({ length: 50 }, (_, at) => inspect(at + 1)));
    rig.isRead = false;

    for (const { done } of rig.servant.questions) done(answered);
    const unread = rig.of('result').length;
    rig.isRead = true;
    rig.stream.drained();

    expect(unread).toBe(1);
    expect(rig.of('result')).toHaveLength(50);
  });

  it('about one lock do not wait for those about many', () => {
    const rig = new StreamRig();
    rig.say(list(1), list(2), inspect(3));

    rig.servant.questions.find(({ query }) => query.kind === 'inspect')?.done(answered);
    rig.clock.pass(0);

    expect(rig.of('result').map(([, id]) => id)).toEqual([3]);
  });
});

describe('the sessions of one client', () => {
  it('are 1,024 at most; the next is overloaded until one of them has ended', () => {
    const rig = new StreamRig();
    for (let n = 1; n <= 1_024; n += 1) rig.open(n);

    rig.open(1_025);
    const [refusal] = rig.of('failed');
    rig.say({ kind: 'end', session: 5 });
    rig.open(1_026);

    expect(refusal).toEqual(['failed', 1_025, 'OVERLOADED', expect.stringContaining('1024 sessions')]);
    expect(rig.of('ended')).toEqual([['ended', 5, 'closed']]);
    expect(rig.of('opened')).toHaveLength(1_025);
  });
});

describe('a node that has no room', () => {
  it('puts off acquires, but neither cancels nor releases', () => {
    const rig = new StreamRig();
    rig.open(1);
    rig.say(acquire(1, 'x'), acquire(2, 'x'));
    const token = rig.cluster.table.views.inspect('x')?.holders[0]?.token ?? 0;
    const own = { session: 1, mark: 0 } as const;

    rig.servant.hasRoom = false;
    rig.say(
      acquire(3, 'y'),
      { kind: 'submit', request: { kind: 'cancel', ...own, sequence: 4, target: 2 } },
      { kind: 'submit', request: { kind: 'release', ...own, sequence: 5, name: 'x', token } },
    );

    expect(rig.of('later')).toEqual([['later', 1, 3]]);

    expect(rig.of('answer').map(([, , sequence]) => sequence)).toEqual(expect.arrayContaining([4, 5]));
    expect(rig.cluster.table.views.inspect('x')).toBeUndefined();
  });

  it('does the same behind a guard', () => {
    const rig = new StreamRig();
    rig.open(1);
    rig.say(acquire(1, 'x'));
    const guard = { name: 'x', token: 1 };
    const behind = (request: Guarded['request']): ClientMessage => {
      const { session, sequence, mark } = request;
      return { kind: 'submit', request: { kind: 'guarded', session, sequence, mark, guard, request } };
    };
    const turn = (sequence: number) => ({ session: 1, sequence, mark: 0 });

    rig.servant.hasRoom = false;
    rig.say(
      behind({ ...turn(2), kind: 'acquire', name: 'y', mode: 'X', waits: true }),
      behind({ ...turn(3), kind: 'write', register: 'k', value: 'v', expected: undefined }),
      behind({ ...turn(4), kind: 'release', name: 'x', token: 1 }),
    );

    expect(rig.of('later')).toEqual([['later', 1, 2]]);
    expect(rig.of('answer').map(([, , sequence, answer]) => [sequence, answer])).toEqual([
      [1, ['granted', 1, expect.any(Number)]],
      [3, ['written', 1]],
      [4, ['released']],
    ]);
  });
});
