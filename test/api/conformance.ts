import { beforeAll, describe } from 'vitest';
import type { LockProvider } from '../../src/index.ts';
import { refusingEvents, watching } from './conformance-events.ts';
import { acquiring, givingUp, releasing } from './conformance-locks.ts';
import { querying, refusing } from './conformance-questions.ts';
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
    describe('queries', () => querying(() => ({ subject, other })));
    describe('events', () => watching(() => ({ subject, other })));
    describe('arguments', () => {
      refusing(() => subject);
      refusingEvents(() => subject);
    });
  });
};
