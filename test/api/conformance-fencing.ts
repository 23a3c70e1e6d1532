import { expect, it } from 'vitest';
import { freshName, outcomeOf, type Pair } from './pair.ts';

/** What is asked about one hold, by whoever has heard of it. */
export const verifying = (pair: () => Pair): void => {
  it('says of a hold whether it stands, whoever has it and whoever asks', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const mine = await subject.acquireLock(name);
    const told = { name, token: mine.fencingToken };

    const before = await Promise.all([mine.verify(), subject.verify(mine), subject.verify(told), other.verify(told)]);
    await mine.release();
    const after = await Promise.all([mine.verify(), subject.verify(mine), other.verify(told)]);

    expect(before).toEqual([true, true, true, true]);
    expect(after).toEqual([false, false, false]);
  });

  it('tells a former hold from the next one, and one lock from another', async () => {
    const { subject, other } = pair();
    const [name, another] = [freshName(), freshName()];
    const first = await subject.acquireLock(name);
    await first.release();
    const second = await other.acquireLock(name);
    const elsewhere = await other.acquireLock(another);

    expect(await subject.verify({ name, token: first.fencingToken })).toBe(false);
    expect(await subject.verify({ name, token: second.fencingToken })).toBe(true);
    expect(await subject.verify({ name, token: elsewhere.fencingToken })).toBe(false);
    expect(await subject.verify({ name: freshName(), token: second.fencingToken })).toBe(false);
    await Promise.all([second.release(), elsewhere.release()]);
  });

  it('judges each permit and each reader by itself, where one maximum would not do', async () => {
    const { subject, other } = pair();
    const [permits, shared] = [freshName(), freshName()];
    const low = await subject.acquireSemaphore(permits, 2);
    const high = await other.acquireSemaphore(permits, 2);
    const [one, two] = [await other.acquireReadLock(shared), await subject.acquireReadLock(shared)];

    await Promise.all([high.release(), one.release()]);

    expect(await other.verify(low)).toBe(true);
    expect(await subject.verify({ name: permits, token: high.fencingToken })).toBe(false);
    expect(await other.verify(two)).toBe(true);
    expect(await subject.verify({ name: shared, token: one.fencingToken })).toBe(false);
    await Promise.all([low.release(), two.release()]);
  });

  it('finds the hold under its last token alone once it was upgraded', async () => {
    const { subject, other } = pair();
    const held = await subject.acquireUpgradeableReadLock(freshName());
    const before = { name: held.name, token: held.fencingToken };
    await held.upgrade();

    expect([await other.verify(before), await other.verify(held), await held.verify()]).toEqual([false, true, true]);
    await held.release();
  });

  it('asks for several locks at once whether all of them are held', async () => {
    const { subject } = pair();
    const held = await subject.acquireAll([{ lock: freshName() }, { lock: freshName() }]);
    const all = await held.verify();
    await held.parts[1]?.release();

    expect([all, await held.verify()]).toEqual([true, false]);
    await held.release();
  });

  it('answers at once from the table of one node, if that is enough', async () => {
    const { subject } = pair();
    const held = await subject.acquireLock(freshName());

    expect(await held.verify({ consistency: 'local' })).toBe(true);
    await held.release();
  });

  it('refuses what names no hold', async () => {
    const { subject } = pair();
    const verify = (hold: unknown): Promise<unknown> => outcomeOf(subject.verify(hold as never));
    const wrong = expect.objectContaining({ code: 'INVALID_ARGUMENT' });

    for (const hold of [
      undefined,
      null,
      7,
      'x',
      {},
      { name: 'x' },
      { name: 'x', token: '7' },
      { name: 'x', token: 0 },
    ]) {
      expect(await verify(hold)).toEqual(wrong);
    }
    expect(await verify({ name: 'x', token: 1.5 })).toEqual(wrong);
    expect(await verify({ name: '', token: 1 })).toMatchObject({ code: 'INVALID_NAME' });
    expect(await outcomeOf(subject.verify({ name: 'x', token: 1 }, { consistency: 'any' as never }))).toEqual(wrong);
  });
};
