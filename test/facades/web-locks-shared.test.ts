import { describe, expect, it } from 'vitest';
import type { WebLockMode } from '../../src/facades/web-locks.ts';
import { freshName, modesOf, type Rig, useRig, whenPending } from './rig.ts';

const rig = useRig();

/** One request that holds its lock until `release` is called. */
interface Requested {
  readonly mode: WebLockMode;
  readonly isGranted: () => boolean;
  readonly granted: Promise<void>;
  readonly release: () => void;
  readonly ended: Promise<unknown>;
}

const requested = (locks: Rig['locks'], name: string, mode: WebLockMode): Requested => {
  let release: () => void = () => undefined;
  let tell: () => void = () => undefined;
  let isGranted = false;
  const until = new Promise<void>((resolve) => {
    release = resolve;
  });
  const granted = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const ended = locks.request(name, { mode }, () => {
    isGranted = true;
    tell();
    return until;
  });
  return { mode, isGranted: () => isGranted, granted, release, ended };
};

describe('shared web locks', () => {
  it('are held by several at a time', async () => {
    const name = freshName();
    const { locks, elsewhere } = rig();
    const both = [requested(locks, name, 'shared'), requested(elsewhere, name, 'shared')];
    await Promise.all(both.map(({ granted }) => granted));

    const { held } = await modesOf(rig(), name);
    for (const { release } of both) release();
    await Promise.all(both.map(({ ended }) => ended));

    expect(held).toEqual(['shared', 'shared']);
  });

  it.each([
    ['an exclusive one waits for those who share', 'shared', 'exclusive'],
    ['one who shares waits for an exclusive one', 'exclusive', 'shared'],
  ] as const)('exclude exclusive ones: %s', async (_, first, second) => {
    const name = freshName();
    const { locks, elsewhere } = rig();
    const holder = requested(elsewhere, name, first);
    await holder.granted;
    const waiter = requested(locks, name, second);
    await whenPending(rig(), name, 1);
    const grantedEarly = waiter.isGranted();
    const before = await modesOf(rig(), name);

    holder.release();
    await waiter.granted;
    waiter.release();
    await waiter.ended;

    expect(grantedEarly).toBe(false);
    expect(before).toEqual({ held: [first], pending: [second] });
  });

  it('are not overtaken by those who could share with the holder', async () => {
    const name = freshName();
    const { locks, elsewhere } = rig();
    const reader = requested(locks, name, 'shared');
    await reader.granted;
    const writer = requested(elsewhere, name, 'exclusive');
    await whenPending(rig(), name, 1);
    const late = requested(locks, name, 'shared');
    await whenPending(rig(), name, 2);

    reader.release();
    await writer.granted;
    const grantedBeforeWriter = late.isGranted();
    writer.release();
    await late.granted;
    late.release();
    await late.ended;

    expect(grantedBeforeWriter).toBe(false);
  });

  it.each([
    ['shared', 'shared', 'shared'],
    ['shared', 'exclusive', null],
    ['exclusive', 'shared', null],
    ['exclusive', 'exclusive', null],
  ] as const)('held as %s, asked for as %s if available: %s', async (first, second, expected) => {
    const name = freshName();
    const { locks, elsewhere } = rig();
    const holder = requested(elsewhere, name, first);
    await holder.granted;

    const found = await locks.request(name, { mode: second, ifAvailable: true }, (lock) => lock?.mode ?? null);
    holder.release();
    await holder.ended;

    expect(found).toBe(expected);
  });
});
