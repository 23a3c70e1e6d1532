import { describe, expect, it } from 'vitest';
import type { ClientMessage } from '../../src/server/index.ts';
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
