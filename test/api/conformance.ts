import { beforeAll, describe } from 'vitest';
import type { LockProvider } from '../../src/index.ts';
import { combining } from './conformance-composites.ts';
import { refusingEvents, watching } from './conformance-events.ts';
import { acquiring, givingUp, releasing } from './conformance-locks.ts';
import { operating, refusingOperators } from './conformance-operators.ts';
import { owning } from './conformance-owners.ts';
import { querying, refusing } from './conformance-questions.ts';
import { converting, readingAndWriting } from './conformance-reader-writer.ts';
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
    describe('owners', () => owning(() => ({ subject, other })));
    describe('operators', () => operating(() => ({ subject, other })));
    describe('queries', () => querying(() => ({ subject, other })));
    describe('events', () => watching(() => ({ subject, other })));
    describe('arguments', () => {
      refusing(() => subject);
      refusingEvents(() => subject);
      refusingOperators(() => subject);
    });
  });
};
