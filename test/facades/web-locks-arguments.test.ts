import { describe, expect, it } from 'vitest';
import type { WebLock } from '../../src/facades/web-locks.ts';
import { errorOf, freshName, unreached, useRig } from './rig.ts';

const rig = useRig();

const call = (...args: readonly unknown[]): Promise<unknown> => {
  const { locks } = rig();
  return Reflect.apply(locks.request, locks, args);
};

describe('arguments', () => {
  it.each<readonly [string, readonly unknown[]]>([
    ['no name', []],
    ['no callback', ['x']],
    ['undefined for a callback', ['x', undefined]],
    ['null for a callback', ['x', null]],
    ['a number for a callback', ['x', 123]],
    ['a string for a callback', ['x', 'abc']],
    ['a list for a callback', ['x', []]],
    ['an object for a callback', ['x', {}]],
    ['a promise for a callback', ['x', Promise.resolve()]],
    ['options and no callback', ['x', {}, null]],
    ['a number for options', ['x', 5, unreached]],
    ['a number for a name', [5, unreached]],
    ['another mode', ['x', { mode: 'foo' }, unreached]],
    ['null for a mode', ['x', { mode: null }, unreached]],
    ...['string', 12.34, false, {}, Symbol('s'), () => undefined, null].map(
      (signal) => [`${String(signal)} for a signal`, ['x', { signal }, unreached]] as const,
    ),
  ])('reject with a TypeError: %s', async (_, args) => {
    const promise = call(...args);

    expect(promise).toBeInstanceOf(Promise);
    expect(await errorOf(promise)).toBeInstanceOf(TypeError);
  });

  const { signal } = new AbortController();
  it.each([
    ['a name that begins with a hyphen', ['-foo', unreached]],
    ['a name that is a hyphen', ['-', unreached]],
    ['steal and ifAvailable', ['x', { steal: true, ifAvailable: true }, unreached]],
    ['steal of a shared lock', ['x', { steal: true, mode: 'shared' }, unreached]],
    ['steal and signal', ['x', { steal: true, signal }, unreached]],
    ['ifAvailable and signal', ['x', { ifAvailable: true, signal }, unreached]],
  ] as const)('reject with a NotSupportedError: %s', async (_, args) => {
    const error = await errorOf(call(...args));

    expect(error).toBeInstanceOf(DOMException);
    expect(error).toMatchObject({ name: 'NotSupportedError' });
  });

  it.each([
    ['none', [(lock: WebLock) => lock.mode], 'exclusive'],
    ['undefined', [undefined, (lock: WebLock) => lock.mode], 'exclusive'],
    ['null', [null, (lock: WebLock) => lock.mode], 'exclusive'],
    ['a mode', [{ mode: 'exclusive' }, (lock: WebLock) => lock.mode], 'exclusive'],
    ['the other mode', [{ mode: 'shared' }, (lock: WebLock) => lock.mode], 'shared'],
    ['others', [{ colour: 'red' }, (lock: WebLock) => lock.mode], 'exclusive'],
    ['a hyphen inside', [{}, (lock: WebLock) => lock.name.startsWith('resource-')], true],
  ] as const)('are taken as options: %s', async (_, args, expected) => {
    expect(await call(freshName(), ...args)).toBe(expected);
  });

  it('of names follow the rules of the cluster', async () => {
    for (const name of ['', 'abc\0def', '\ud800', '$x']) {
      expect(await errorOf(rig().locks.request(name, unreached))).toMatchObject({ code: 'INVALID_NAME' });
    }
    expect(await rig().locks.request('\uffff', (lock) => lock?.name)).toBe('\uffff');
  });
});
