import { expect, it } from 'vitest';
import { errorOf, freshName, modesOf, useRig, whenPending } from './rig.ts';

const rig = useRig();

/** Holds a lock until it is told to stop, or loses it. */
async function holding(
  locks: ReturnType<typeof rig>['locks'],
  name: string,
  mode: 'exclusive' | 'shared',
): Promise<{ readonly request: Promise<unknown>; readonly finish: () => void }> {
  let finish: () => void = () => undefined;
  const running = new Promise<void>((resolve) => {
    finish = resolve;
  });
  let request: Promise<unknown> = Promise.resolve();
  await new Promise<void>((granted) => {
    request = locks.request(name, { mode }, async () => {
      granted();
      await running;
    });
  });
  return { request: errorOf(request), finish };
}

it.each(['exclusive', 'shared'] as const)(
  'steal takes a lock that is held %s at once, and its holder gets an AbortError',
  async (mode) => {
    const name = freshName();
    const { request, finish } = await holding(rig().elsewhere, name, mode);

    const result = await rig().locks.request(name, { steal: true }, async (lock) => {
      const within = await modesOf(rig(), name);
      return { mode: lock?.mode, held: within.held };
    });

    expect(result).toEqual({ mode: 'exclusive', held: ['exclusive'] });
    expect(await request).toMatchObject({
      name: 'AbortError',
      cause: { code: 'LOCK_LOST', reason: 'forced', by: { actor: 'web-locks', reason: 'steal' } },
    });
    finish();
  },
);

it('steal goes ahead of all who wait, and they get the lock after it', async () => {
  const name = freshName();
  const { request, finish } = await holding(rig().locks, name, 'exclusive');
  const order: string[] = [];
  const waiting = rig().elsewhere.request(name, () => {
    order.push('waiting');
  });
  await whenPending(rig(), name, 1);

  await rig().locks.request(name, { steal: true }, () => {
    order.push('thief');
  });
  await waiting;

  expect(order).toEqual(['thief', 'waiting']);
  expect(await request).toMatchObject({ name: 'AbortError' });
  finish();
});

it('steal takes a free lock as any request does', async () => {
  const name = freshName();

  expect(await rig().locks.request(name, { steal: true }, (lock) => lock?.name)).toBe(name);
  expect((await modesOf(rig(), name)).held).toEqual([]);
});
