import { expect, it } from 'vitest';
import { StreamRig } from './stream-rig.ts';

const by = { actor: 'ann', reason: 'it hangs' };
const nonceOf = (n: number): string => n.toString(16).padStart(32, '0');

/** A stream at a node where session 1 holds a lock, and session 2 may take it. */
function withHolder(): StreamRig {
  const rig = new StreamRig();
  for (const n of [1, 2]) {
    rig.cluster.apply({ kind: 'open', nonce: nonceOf(n), ttlMs: 3_600_000, home: undefined, label: '' });
  }
  rig.cluster.apply({ kind: 'acquire', session: 1, sequence: 1, mark: 0, name: 'x', mode: 'X', waits: true });
  return rig;
}

const force = { kind: 'force-release', session: 2, sequence: 1, mark: 0, name: 'x', token: 1, ...by } as const;

it('a client that attaches to its session is told what was taken from it meanwhile, behind the word that it is', () => {
  const rig = withHolder();
  rig.cluster.apply(force);

  rig.say({ kind: 'attach', session: 1, nonce: nonceOf(1) });

  const kinds = rig.sent.flatMap((body) => (Array.isArray(body) ? [body[0]] : []));
  expect(rig.of('taken')).toEqual([['taken', 1, 'x', 1, 2, 'ann', 'it hangs']]);
  expect(kinds.indexOf('taken')).toBeGreaterThan(kinds.indexOf('attached'));
});

it('but not what it has let go of since', () => {
  const rig = withHolder();
  rig.cluster.apply(force);
  rig.cluster.apply({ kind: 'release', session: 1, sequence: 2, mark: 0, name: 'x', token: 1 });

  rig.say({ kind: 'attach', session: 1, nonce: nonceOf(1) });

  expect(rig.of('attached')).toHaveLength(1);
  expect(rig.of('taken')).toEqual([]);
});
