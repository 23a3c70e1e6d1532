import { describe, expect, it } from 'vitest';
import { clientTuple, parseClientMessage, parseServerMessage, serverTuple } from '../../src/server/index.ts';
import type { Value } from '../../src/transport/index.ts';
import { StreamRig } from './stream-rig.ts';

const hold = { name: 'x', token: 1 };

describe('a client stream', () => {
  /** Its session 1 holds a lock; session 2 is of somebody else. */
  const withHolder = (): StreamRig => {
    const rig = new StreamRig();
    rig.open(1);
    rig.cluster.apply({ kind: 'open', nonce: '9'.repeat(32), ttlMs: 3_600_000, home: undefined, label: '' });
    const [mine, theirs] = [1, 2].map(
      (session) => ({ session, sequence: 1, mark: 0, mode: 'X', waits: true }) as const,
    );
    if (mine !== undefined) rig.cluster.apply({ ...mine, kind: 'acquire', name: 'x' });
    if (theirs !== undefined) rig.cluster.apply({ ...theirs, kind: 'acquire', name: 'y' });
    return rig;
  };
  const waits = (rig: StreamRig, sequence: number, name = 'x'): void => {
    rig.cluster.apply({ kind: 'acquire', session: 2, sequence, mark: 0, name, mode: 'X', waits: true });
    rig.clock.pass(10);
  };

  it('says that somebody waits to who asked for it, until that is over', () => {
    const rig = withHolder();
    rig.say({ kind: 'watch-hold', session: 1, hold });
    waits(rig, 2);
    const told = rig.of('contended');
    rig.cluster.apply({ kind: 'cancel', session: 2, sequence: 3, mark: 0, target: 2 });

    rig.say({ kind: 'unwatch-hold', session: 1, hold });
    waits(rig, 4);

    expect(told).toEqual([['contended', 1, 'x', 1]]);
    expect(rig.of('contended')).toEqual(told);
  });

  it('says nothing of the kind to who did not ask, so that older clients never meet it', () => {
    const rig = withHolder();

    waits(rig, 2);

    expect(rig.of('contended')).toEqual([]);
  });

  it('takes no orders for a session that is not its own', () => {
    const rig = withHolder();
    rig.servant.watches.add(2, { name: 'y', token: 2 });

    rig.say({ kind: 'watch-hold', session: 2, hold: { name: 'z', token: 9 } });
    rig.say({ kind: 'unwatch-hold', session: 2, hold: { name: 'y', token: 2 } });
    rig.servant.watches.drop(2, 2);

    expect(rig.servant.watches.areSome).toBe(false);
  });
});

it('what is said about contention is read back', () => {
  const asked = [
    { kind: 'watch-hold', session: 3, hold: { name: 'x', token: 2 ** 40 } },
    { kind: 'unwatch-hold', session: 3, hold },
  ] as const;
  const told = { kind: 'contended', session: 3, hold } as const;

  expect(asked.map((message) => parseClientMessage(clientTuple(message)))).toEqual(asked);
  expect(parseServerMessage(serverTuple(told))).toEqual(told);
});

it.each<[string, Value]>([
  ['no hold', [3]],
  ['no token', [3, 'x']],
  ['a token that is none', [3, 'x', 1.5]],
  ['a token that is text', [3, 'x', '1']],
  ['a session that is none', [-1, 'x', 1]],
  ['a name that is none', [3, 7, 1]],
  ['a name that is too long', [3, 'n'.repeat(601), 1]],
  ['more than that', [3, 'x', 1, 1]],
])('but not with %s', (_, rest) => {
  const cells = Array.isArray(rest) ? rest : [];
  for (const kind of ['watch-hold', 'unwatch-hold']) {
    expect(parseClientMessage([kind, ...cells])).toMatchObject({ kind: 'bad' });
  }
  expect(parseServerMessage(['contended', ...cells])).toMatchObject({ kind: 'bad' });
});

it('neither side takes what is for the other', () => {
  expect(parseClientMessage(['contended', 3, 'x', 1])).toMatchObject({ kind: 'bad' });
  expect(parseServerMessage(['watch-hold', 3, 'x', 1])).toMatchObject({ kind: 'bad' });
});
