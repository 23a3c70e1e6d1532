import { cp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { alter, flipBit, LevelMachine, reasonOf, usedMachine } from './level-machine.ts';

/** A member that was used and stopped in good order; each test damages a copy. */
let original: LevelMachine;
const copies: LevelMachine[] = [];

beforeAll(async () => {
  original = (await usedMachine(5)).machine;
});
afterEach(async () => {
  for (const copy of copies.splice(0)) await copy.remove();
});
afterAll(() => original.remove());

async function damaged(): Promise<LevelMachine> {
  const copy = await original.crashed();
  copies.push(copy);
  return copy;
}

describe('the files beside the databases', () => {
  test('a damaged MANIFEST or CURRENT is quarantined', async () => {
    const manifest = await damaged();
    const names = await readdir(manifest.path('log'));
    await flipBit(manifest.path('log', names.find((name) => name.startsWith('MANIFEST')) ?? ''), 20);
    const current = await damaged();
    await rm(current.path('log', 'CURRENT'));

    expect(await reasonOf(manifest)).toMatch(/MANIFEST/);
    expect(await reasonOf(current)).toMatch(/CURRENT is missing/);
  });

  test('one torn watermark is normal, two are not, and neither is a missing one', async () => {
    const torn = await damaged();
    await flipBit(torn.path('watermark.a'), 20);
    const both = await damaged();
    for (const name of ['watermark.a', 'watermark.b']) await flipBit(both.path(name), 20);
    const missing = await damaged();
    await rm(missing.path('watermark.b'));

    expect((await torn.open()).found.kind).toBe('member');
    expect(await reasonOf(both)).toMatch(/neither watermark file is whole/);
    expect(await reasonOf(missing)).toMatch(/watermark\.b is missing/);
  });

  test('an identity that was edited, cut or lost is refused, and never becomes a blank node', async () => {
    const edited = await damaged();
    await alter(edited.path('identity.json'), (bytes) => Buffer.from(bytes.toString().replace('"run": 1', '"run": 7')));
    const cut = await damaged();
    await truncate(cut.path('identity.json'), 30);
    const lost = await damaged();
    await rm(lost.path('identity.json'));
    const newer = await damaged();
    await writeFile(newer.path('identity.json'), JSON.stringify({ format: 3 }));
    const unreleased = await damaged();
    await writeFile(unreleased.path('identity.json'), JSON.stringify({ format: 2 }));

    await expect(edited.open()).rejects.toMatchObject({ code: 'CORRUPT_STORAGE' });
    await expect(cut.open()).rejects.toMatchObject({ code: 'CORRUPT_STORAGE' });
    await expect(lost.open()).rejects.toMatchObject({ code: 'IDENTITY_LOST' });
    await expect(newer.open()).rejects.toMatchObject({ code: 'NEWER_FORMAT' });
    await expect(unreleased.open()).rejects.toMatchObject({
      code: 'NEWER_FORMAT',
      message: expect.stringContaining('by an unreleased build that kept the log in segment files'),
    });
  });

  test('an identity of a blank node beside the log of a member is quarantined', async () => {
    const blank = await LevelMachine.make();
    copies.push(blank);
    await blank.open();
    await blank.stop();
    const machine = await damaged();
    await cp(blank.path('identity.json'), machine.path('identity.json'));

    expect(await reasonOf(machine)).toMatch(/identity is that of a blank node/);
  });

  test('an identity of a blank node is no way to an empty node, whatever became of the watermarks (S97)', async () => {
    const blank = await LevelMachine.make();
    copies.push(blank);
    await blank.open();
    await blank.stop();
    const losses = [['watermark.a'], ['watermark.b'], ['watermark.a', 'watermark.b']];

    const reasons: string[] = [];
    for (const lost of losses) {
      for (const damage of [rm, (path: string) => flipBit(path, 20)]) {
        const machine = await damaged();
        await cp(blank.path('identity.json'), machine.path('identity.json'));
        for (const name of lost) await damage(machine.path(name));
        reasons.push(await reasonOf(machine));
      }
    }

    expect(reasons).toHaveLength(6);
    for (const reason of reasons) expect(reason).toMatch(/identity is that of a blank node/);
  });
});
