import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Holdfast, type HoldfastNode } from '../../src/index.ts';
import { checkJournals } from '../linearizability/index.ts';
import { temporaryDirectory } from './cluster.ts';

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
beforeAll(async () => {
  directory = await temporaryDirectory();
});
afterAll(() => directory[Symbol.asyncDispose]());

const inside = (name: string): string => join(directory.path, name);

/** A node with a journal, which has granted a lock. */
async function used(name: string, journal: string): Promise<HoldfastNode> {
  const node = await Holdfast.open({ dataDir: inside(name), journal });
  await node.tryAcquireLock('x');
  return node;
}

describe('the journal of a node', () => {
  it('goes on after a restart, and both runs agree', async () => {
    const path = inside('two-runs.jsonl');

    await (await used('two-runs', path)).close();
    // What a process leaves that is killed while it writes.
    appendFileSync(path, '{"ev":"apply","no');
    await (await used('two-runs', path)).close();

    const text = readFileSync(path, 'utf8');
    expect(checkJournals([text])).toMatchObject({ passed: true });
    expect(text).toMatch(/"run":1[,}].*"run":2[,}]/s);
    expect(text).toContain('"ev":"leader"');
    expect(text.endsWith('\n')).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it.each([
    ['in a folder that is not there', () => inside('nowhere/j.jsonl'), /ENOENT/],
    ['that is a folder', () => directory.path, /EISDIR/],
    ['that is a device', () => '/dev/null', /no regular file/],
  ])('is refused %s', async (_what, path, words) => {
    const opening = Holdfast.open({ dataDir: inside('refused'), journal: path() });

    await expect(opening).rejects.toMatchObject({ name: 'TypeError', message: expect.stringMatching(words) });
  });

  it('never cuts off what is no journal', async () => {
    const path = inside('precious.txt');
    writeFileSync(path, 'a line\nno line');

    const opening = Holdfast.open({ dataDir: inside('refused'), journal: path });

    await expect(opening).rejects.toThrow('what it ends with is no line of a journal');
    expect(readFileSync(path, 'utf8')).toBe('a line\nno line');
  });
});
