import fc from 'fast-check';
import { expect, test } from 'vitest';
import { defaultCoreLimits } from '../../raft/index.ts';
import { Log } from '../../raft/log.ts';
import { Progress } from '../../raft/progress.ts';
import { chainOf, genesis, logOf } from './entries.ts';
import { accepted, rejected } from './messages.ts';

const log = new Log(chainOf, genesis, logOf(Array.from({ length: 40 }, (_, at) => 1 + Math.floor(at / 8))));
const limits = { ...defaultCoreLimits, inflightMessagesMax: 4, inflightBytesMax: 40 };

const happening = fc.oneof(
  fc.record({ kind: fc.constant('send' as const), count: fc.integer({ min: 0, max: 6 }) }),
  fc.record({ kind: fc.constant('accept' as const), request: fc.nat(20), match: fc.nat(40) }),
  fc.record({ kind: fc.constant('reject' as const), request: fc.nat(20), prevIndex: fc.nat(40), hint: fc.nat(40) }),
  fc.record({ kind: fc.constant('break' as const) }),
  fc.record({ kind: fc.constant('snapshot' as const), ends: fc.constantFrom('delivered', 'failed', 'under way') }),
);

test('whatever is answered, in whatever order: match never falls, next stays above it, the window keeps its bounds', () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 60 }), (happenings) => {
      const progress = new Progress('b', { next: 41, since: 0, contactAt: 0 });
      let request = 0;
      let match = 0;
      for (const event of happenings) {
        if (event.kind === 'send' && progress.isOpen(limits) && progress.next <= 40) {
          const entries = log.batch(progress.next, { entriesMax: event.count + 1, bytesMax: 30 });
          request += 1;
          progress.sent(entries, request);
        } else if (event.kind === 'accept') {
          progress.accepted(accepted({ term: 5, request: event.request, match: event.match }), request, request);
        } else if (event.kind === 'reject') {
          const { prevIndex, hint } = event;
          const reply = { request: event.request, prevIndex, hintIndex: hint, hintTerm: log.termAt(hint) ?? 0 };
          progress.rejected(rejected({ term: 5, ...reply, lastIndex: 40 }), log, request);
        } else if (event.kind === 'break') progress.broken(request);
        else if (event.kind === 'snapshot') {
          progress.snapshotAsked(match);
          if (event.ends === 'delivered') progress.snapshotDelivered(request);
          if (event.ends === 'failed') progress.snapshotEnded(0, request);
        }

        expect(progress.match).toBeGreaterThanOrEqual(match);
        expect(progress.next).toBeGreaterThan(progress.match);
        expect(progress.flightBytes).toBeGreaterThanOrEqual(0);
        expect(progress.flightBytes).toBeLessThanOrEqual(limits.inflightBytesMax + 30);
        if (progress.mode !== 'replicate') expect(progress.flightBytes).toBe(0);
        match = progress.match;
      }
    }),
    { numRuns: 200 },
  );
});

test('bytes in flight come back to nothing when everything is acknowledged (S30)', () => {
  const progress = new Progress('b', { next: 1, since: 0, contactAt: 0 });
  progress.sent(log.batch(1, { entriesMax: 1, bytesMax: 99 }), 0);
  progress.accepted(accepted({ term: 5, request: 1, match: 1 }), 1, 0);
  while (progress.isOpen(limits)) progress.sent(log.batch(progress.next, { entriesMax: 3, bytesMax: 99 }), 0);
  const full = progress.flightBytes;

  progress.accepted(accepted({ term: 5, request: 5, match: progress.next - 1 }), 5, 0);

  expect(full).toBeGreaterThan(0);
  expect(progress.flightBytes).toBe(0);
});

test('answers to requests of before it existed mean nothing (S25)', () => {
  const progress = new Progress('b', { next: 9, since: 50, contactAt: 0 });

  progress.accepted(accepted({ term: 5, request: 50, match: 8 }), 60, 0);
  progress.rejected(rejected({ term: 5, request: 49, prevIndex: 8, hintIndex: 2, hintTerm: 1 }), log, 60);

  expect(progress).toMatchObject({ match: 0, next: 9, mode: 'probe' });
});
