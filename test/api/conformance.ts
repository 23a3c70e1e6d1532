import { beforeAll, describe } from 'vitest';
import type { LockProvider } from '../../src/index.ts';
import { combining, combiningInScope } from './conformance-composites.ts';
import { contending } from './conformance-contention.ts';
import { electing, observing, refusingElections } from './conformance-elections.ts';
import { refusingEvents, watching } from './conformance-events.ts';
import { verifying } from './conformance-fencing.ts';
import { handingOn, refusingTickets } from './conformance-hand-over.ts';
import { keepingWord } from './conformance-hazards.ts';
import { bounding, describing, queueing } from './conformance-hold-options.ts';
import { leading } from './conformance-leading.ts';
import { delaying } from './conformance-lock-delay.ts';
import { acquiring, givingUp, releasing } from './conformance-locks.ts';
import { operating, refusingOperators } from './conformance-operators.ts';
import { owning } from './conformance-owners.ts';
import { querying, refusing } from './conformance-questions.ts';
import { converting, readingAndWriting } from './conformance-reader-writer.ts';
import { guarding, registering } from './conformance-registers.ts';
import { counting } from './conformance-semaphores.ts';
import type { Pair } from './pair.ts';

/** What every provider promises, whoever it is. */
export const conformance = (who: string, start: () => Promise<Pair>): void => {
  describe(`${who}`, () => {
    let subject: LockProvider;
    let other: LockProvider;
    beforeAll(async () => {
      ({ subject, other } = await start());
    });
    describe('acquire', () => acquiring(() => ({ subject, other })));
    describe('giving up', () => givingUp(() => ({ subject, other })));
    describe('release', () => releasing(() => ({ subject, other })));
    describe('reader-writer locks', () => readingAndWriting(() => ({ subject, other })));
    describe('upgrades and downgrades', () => converting(() => ({ subject, other })));
    describe('semaphores', () => counting(() => ({ subject, other })));
    describe('several locks at once', () => combining(() => ({ subject, other })));
    describe('several locks while something runs', () => combiningInScope(() => ({ subject, other })));
    describe('options of a hold', () => describing(() => ({ subject, other })));
    // They mostly wait for time to pass. Bounds come first: whoever has left a delay once ends them otherwise.
    describe('bounds', { concurrent: true }, () => bounding(() => ({ subject, other })));
    describe('lock-delay', { concurrent: true }, () => delaying(() => ({ subject, other })));
    describe('queues', () => queueing(() => ({ subject, other })));
    describe('a ticket', () => handingOn(() => ({ subject, other })));
    describe('owners', () => owning(() => ({ subject, other })));
    describe('what is held', () => keepingWord(() => ({ subject, other })));
    describe('verify', () => verifying(() => ({ subject, other })));
    describe('guards', () => guarding(() => ({ subject, other })));
    describe('registers', () => registering(() => ({ subject, other })));
    describe('operators', () => operating(() => ({ subject, other })));
    describe('contention', () => contending(() => ({ subject, other })));
    describe('queries', () => querying(() => ({ subject, other })));
    describe('events', () => watching(() => ({ subject, other })));
    describe('elections', () => electing(() => ({ subject, other })));
    describe('observing an election', () => observing(() => ({ subject, other })));
    describe('leading', () => leading(() => ({ subject, other })));
    describe('arguments', () => {
      refusing(() => subject);
      refusingEvents(() => subject);
      refusingElections(() => subject);
      refusingOperators(() => subject);
      refusingTickets(() => subject);
    });
  });
};
