import { describe, expect, it } from 'vitest';
import type { OpenOutcome, SessionListener } from '../../src/node/index.ts';
import { readyCluster } from './client.ts';

/** One stream's end of a session, as the server keeps it. */
class Ear implements SessionListener {
  readonly heard: string[] = [];

  answered(sequence: number): void {
    this.heard.push(`answer ${sequence}`);
  }

  beatAcknowledged(counter: number): void {
    this.heard.push(`beat ${counter}`);
  }

  taken(): void {
    this.heard.push('taken');
  }

  revokeRequested(): void {
    this.heard.push('revoke');
  }

  contended(): void {
    this.heard.push('contended');
  }

  ended(end: string): void {
    this.heard.push(`ended ${end}`);
  }
}

const request = { nonce: 'e'.repeat(32), ttlMs: 5_000, label: 'remote', isHome: false };

describe('a client that gave a stream up and took another, when the first is read later', () => {
  it('gets an answer to its opening on both', () => {
    const { cluster, leader } = readyCluster();
    const runtime = cluster.runtime(leader);
    const outcomes: OpenOutcome[] = [];

    runtime.open(request, new Ear(), (outcome) => outcomes.push(outcome));
    runtime.open(request, new Ear(), (outcome) => outcomes.push(outcome));
    cluster.time.advance(1_000);

    expect(outcomes).toMatchObject([{ ok: true }, { ok: true }]);
    expect(new Set(outcomes.map((outcome) => outcome.ok && outcome.session)).size).toBe(1);
  });

  it('loses no answer to its opening when the late stream ends before it', () => {
    const { cluster, leader } = readyCluster();
    const runtime = cluster.runtime(leader);
    const late = new Ear();
    const outcomes: OpenOutcome[] = [];

    runtime.open(request, new Ear(), (outcome) => outcomes.push(outcome));
    runtime.open(request, late, () => {});
    runtime.forgetOpening(request.nonce, late);
    cluster.time.advance(1_000);

    expect(outcomes).toMatchObject([{ ok: true }]);
  });

  it('hears that its session was taken over, so that it attaches anew, and is not left without answers for ever', () => {
    const { cluster, leader } = readyCluster();
    const runtime = cluster.runtime(leader);
    const [present, late] = [new Ear(), new Ear()];
    let session = 0;
    runtime.open(request, present, (outcome) => {
      if (outcome.ok) session = outcome.session;
    });
    cluster.time.advance(1_000);

    runtime.attach(session, request.nonce, late);
    runtime.detach(session, late);
    runtime.attach(session, request.nonce, present);
    runtime.beat(session, 1);
    cluster.time.advance(1_000);

    expect(present.heard).toEqual(['ended unknown', 'beat 1']);
  });
});

describe('a client that took another stream', () => {
  it('is answered on that one, also after the end of the former is noticed late', () => {
    const { cluster, leader } = readyCluster();
    const runtime = cluster.runtime(leader);
    const [former, present] = [new Ear(), new Ear()];
    let session = 0;
    runtime.open(request, former, (outcome) => {
      if (outcome.ok) session = outcome.session;
    });
    cluster.time.advance(1_000);

    runtime.attach(session, request.nonce, present);
    runtime.detach(session, former);
    runtime.submit({ kind: 'acquire', session, sequence: 1, mark: 0, name: 'x', mode: 'X', waits: true });
    runtime.beat(session, 1);
    cluster.time.advance(1_000);

    expect(former.heard).toEqual(['ended unknown']);
    expect(present.heard.toSorted()).toEqual(['answer 1', 'beat 1']);
  });
});
