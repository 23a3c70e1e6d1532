import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run, Serving } from './serving.ts';
import { until } from './waiting.ts';

const three = ['a', 'b', 'c'] as const;

/** Turns one bit in the middle of what LevelDB wrote last of the log. */
function flipBit(dataDir: string): void {
  const folder = join(dataDir, 'log');
  const newest = readdirSync(folder)
    .filter((name) => name.endsWith('.log'))
    .toSorted()
    .at(-1);
  if (newest === undefined) throw new Error('no log file');
  const path = join(folder, newest);
  const bytes = readFileSync(path);
  const at = Math.floor(bytes.length / 3);
  bytes[at] = (bytes[at] ?? 0) ^ 0x10;
  writeFileSync(path, bytes);
}

describe('a node with a flipped bit in its log', () => {
  it('refuses to serve and says so, the others go on, and replace brings it back', async () => {
    await using serving = await Serving.of(three);
    await using client = await serving.connect(30_000);
    const held = await client.acquireLock('held');
    for (let turn = 0; turn < 100; turn += 1) await (await client.acquireLock(`turn/${turn}`)).release();
    await serving.node('c').kill();
    flipBit(serving.dataDir('c'));

    const damaged = serving.start('c');
    expect(await damaged.end()).toBe(73);
    expect(damaged.complaint).toMatch(/quarantine/i);
    expect(damaged.complaint).toContain('holdfast replace c');
    await (await client.acquireLock('without c', { timeout: 20_000 })).release();

    const wiped = await run(['wipe', serving.dataDir('c'), '--yes']);
    expect(wiped).toMatchObject({ code: 0, complaint: '' });
    const blank = serving.start('c');
    await until('the empty node to say why it stays outside', () =>
      blank.out.some((line) => line.includes('holdfast replace c')),
    );
    const replaced = await run(['replace', 'c', '--endpoints', `${serving.addressOf('a')},${serving.addressOf('b')}`]);
    expect(replaced).toMatchObject({ code: 0, complaint: '' });

    // Only with the vote of the new c is there a quorum now.
    await serving.node('b').kill();
    const next = await client.acquireLock('with c', { timeout: 30_000 });
    expect(next.fencingToken).toBeGreaterThan(held.fencingToken);
    expect(held.isHeld).toBe(true);
  });
});

describe('a replacement that does not come to its end', () => {
  it('is waited for as long as was asked for, and no longer', async () => {
    await using serving = await Serving.of(three);
    await serving.node('c').kill();
    rmSync(serving.dataDir('c'), { recursive: true });
    const blank = serving.start('c');
    await until('the empty node to have met both others', () =>
      ['a', 'b'].every((peer) =>
        blank.out.some((line) => line.includes('holdfast replace c') && line.includes(`"peer":"${peer}"`)),
      ),
    );
    blank.child.kill('SIGSTOP');

    const endpoints = `${serving.addressOf('a')},${serving.addressOf('b')}`;
    const startedAt = performance.now();
    const { code, complaint } = await run(['replace', 'c', '--endpoints', endpoints, '--timeout', '1500ms']);
    const tookMs = performance.now() - startedAt;

    expect(complaint).toContain('holdfast status');
    expect(code).toBe(69);
    expect(tookMs).toBeLessThan(15_000);
  });
});

describe('a data directory', () => {
  it('that another process has open is refused with 73, and the other goes on', async () => {
    await using serving = await Serving.of(['a']);
    const args = ['serve', '--node-id', 'a', '--listen', '127.0.0.1:0', '--data-dir', serving.dataDir('a')];

    const second = await run(args);

    expect(second.code).toBe(73);
    expect(second.complaint).toContain('in use by another process');
    await using client = await serving.connect();
    expect((await client.acquireLock('x')).isHeld).toBe(true);
  });

  it('of another node is refused with 73', async () => {
    await using serving = await Serving.of(['a']);
    await serving.node('a').kill('SIGTERM');
    const args = ['serve', '--node-id', 'b', '--listen', '127.0.0.1:0', '--data-dir', serving.dataDir('a')];

    const other = await run(args);

    expect(other.code).toBe(73);
    expect(other.complaint).toMatch(/belongs to node a/);
  });

  it.each([
    ['a file', '/etc/passwd', /not a directory/],
    ['the directory of something else', '/etc', /holds other files/],
    ['a place below a file', '/etc/passwd/data', /not a directory|ENOTDIR/i],
  ])('that is %s is refused with 73', async (_name, path, complaint) => {
    const { code, complaint: said } = await run(['serve', '--listen', '127.0.0.1:0', '--data-dir', path]);

    expect(said).toMatch(complaint);
    expect(code).toBe(73);
  });
});
