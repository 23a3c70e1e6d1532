import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { checkJournals } from '../linearizability/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-journal-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const library = new URL('../../dist/src/journal-file.js', import.meta.url).href;

/** Votes a hundred times, and prints what was logged. */
const program = `
import { openJournal } from ${JSON.stringify(library)};
const said = [];
const journal = openJournal(process.argv[1], { error: (_, text) => said.push(text) });
const hardState = { term: 1, votedFor: 'b@1' };
journal.began({ self: 'a@1' }, { hardState }, 1);
for (let write = 1; write <= 100; write += 1) {
  journal.asked({ persist: { id: write, write: { hardState } } });
  journal.stepped({ kind: 'durable', write }, { status: { role: 'follower', term: 1 } });
}
journal.close();
console.log(JSON.stringify(said));
`;

/** Runs it where no file may grow beyond `blocks` of 512 bytes, or 1,024 in some shells. */
function voting(path: string, blocks: number | 'unlimited'): readonly string[] {
  const limited = `trap '' XFSZ; ulimit -f ${blocks}; exec "$0" --input-type=module -e "$1" "$2"`;
  const { stdout, stderr } = spawnSync('sh', ['-c', limited, process.execPath, program, path], { encoding: 'utf8' });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout);
}

describe('a journal that cannot be written any more', () => {
  it.skipIf(process.platform === 'win32')('says so once, and throws nothing', () => {
    const path = join(folder, 'full.jsonl');

    const said = voting(path, 1);

    const text = readFileSync(path, 'utf8');
    expect(said).toEqual(['the journal ends here: it cannot be written']);
    expect(text.length).toBeLessThanOrEqual(1_024);
    expect(text.endsWith('\n')).toBe(false);
    expect(checkJournals([text])).toMatchObject({ passed: true });
  });

  it.skipIf(process.platform === 'win32')('goes on, when there is room again, without the half line', () => {
    const path = join(folder, 'room.jsonl');
    voting(path, 1);

    const said = voting(path, 'unlimited');

    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    expect(said).toEqual([]);
    expect(lines.length).toBeGreaterThan(101);
    expect(new Set(lines)).toEqual(new Set(['{"ev":"vote","node":"a","term":1,"for":"b"}']));
  });
});
