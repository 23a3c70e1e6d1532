import { describe, expect, it } from 'vitest';
import { checkHistory, describeVerdict, Recorder } from './index.ts';

const meta = { sessions: 'none', ttl_ms: 5_000, default: { kind: 'mutex' } } as const;

function recording(): { readonly lines: string[]; readonly recorder: Recorder } {
  const lines: string[] = [];
  let time = 0n;
  const recorder = new Recorder({ meta, now: () => (time += 1_000_000n), sink: (line) => lines.push(line) });
  return { lines, recorder };
}

describe('a recorder', () => {
  it('writes what the parser reads and the checker accepts', () => {
    const { lines, recorder } = recording();

    recorder.invoke(1, { f: 'acquire', name: 'jobs', client: 'A', wait_ms: 100 });
    recorder.ok(1, { granted: true, token: 7 });
    recorder.invoke(2, { f: 'tryAcquire', name: 'jobs', client: 'B' });
    recorder.ok(2, { granted: false, reason: 'held' });
    recorder.nemesis({ f: 'kill', phase: 'start', node: 'n1' });
    recorder.invoke(1, { f: 'release', name: 'jobs', client: 'A', token: 7 });
    recorder.unknown(1, 'the connection was lost');
    recorder.mark('healed');
    recorder.invoke(2, { f: 'acquire', name: 'jobs', client: 'B' });
    recorder.ok(2, { granted: true, token: 8 });
    const verdict = checkHistory(lines, { gates: { acquires: 2, contended: 1, faults: 1, recovery: 1 } });

    expect(describeVerdict(verdict)).toContain('linearizable');
    expect(verdict.passed).toBe(true);
    expect(verdict.counts).toMatchObject({ operations: 4, ok: 3, unknown: 1, acquires: 2, handovers: 1, recovered: 1 });
  });

  it('refuses what the parser would refuse', () => {
    const { lines, recorder } = recording();
    recorder.invoke(1, { f: 'holder', name: 'jobs' });

    expect(() => recorder.invoke(1, { f: 'holder', name: 'jobs' })).toThrow('while an operation is open');
    expect(() => recorder.ok(2)).toThrow('what it has not invoked');
    expect(lines).toHaveLength(2);
  });
});
