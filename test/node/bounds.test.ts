import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { defaultCoreLimits, type Message } from '../../raft/index.ts';
import { systemClock } from '../../src/clock/index.ts';
import { defaultNodeLimits } from '../../src/node/index.ts';
import { Proposals } from '../../src/node/proposals.ts';
import { NodeClock, VirtualTime } from '../../src/testing/index.ts';
import { defaultTransportLimits, encodeMessage } from '../../src/transport/index.ts';
import { accepted } from '../raft/messages.ts';
import { leaderOver } from '../raft/node.ts';
import { acquire } from '../table/world.ts';

const dayMs = 86_400_000;

describe('a delay beyond what one timer holds (S113)', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('of thirty days passes after thirty days, not at once', () => {
    let fired = 0;
    systemClock.after(30 * dayMs, () => {
      fired += 1;
    });

    const early = [1, 2 ** 31, 30 * dayMs - 1].map((ms) => {
      vi.advanceTimersByTime(ms - performance.now());
      return fired;
    });
    vi.advanceTimersByTime(2);

    expect(early).toEqual([0, 0, 0]);
    expect(fired).toBe(1);
  });

  it('would pass at once without the chain: the contrast', () => {
    let fired = 0;
    setTimeout(() => {
      fired += 1;
    }, 30 * dayMs);

    vi.advanceTimersByTime(2);

    expect(fired).toBe(1);
  });

  it('is cancelled for good, also between two links of the chain', () => {
    let fired = 0;
    const timer = systemClock.after(60 * dayMs, () => {
      fired += 1;
    });

    vi.advanceTimersByTime(40 * dayMs);
    timer.cancel();
    vi.advanceTimersByTime(40 * dayMs);

    expect(fired).toBe(0);
  });
});

describe('messages of a leader with all it could have to send at once (S114)', () => {
  const fits = (message: Message): boolean => encodeMessage(message).length <= defaultTransportLimits.messageBytesMax;
  const bytesOf = (message: Message): number => encodeMessage(message).length;

  it('stay below what a peer takes in, for many commands and for the longest ones', () => {
    const node = leaderOver([], { limits: defaultCoreLimits }).receive(accepted({ term: 1, match: 1 }));
    const clock = new NodeClock(new VirtualTime());
    const proposals = new Proposals(node.core, clock, defaultNodeLimits.batchBytesMax);
    const long = Array.from({ length: 20_000 }, (_, at) => acquire([at + 1, at + 1], 'n'.repeat(512)));
    const short = Array.from({ length: 20_000 }, (_, at) => acquire([at + 1, at + 1], 'n'));
    node.outbox.length = 0;

    proposals.add([...long, ...short], () => {});
    proposals.flush(node.now);
    node.drain();

    const appends = node.sent('append');
    expect(node.status.logBytes).toBeGreaterThan(2 * defaultTransportLimits.messageBytesMax);
    expect(appends.length).toBeGreaterThan(2);
    expect(appends.filter((message) => !fits(message)).map(bytesOf)).toEqual([]);
  });
});
