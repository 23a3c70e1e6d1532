import { expect, it } from 'vitest';
import type { Message, Persist } from '../../raft/index.ts';
import { systemClock } from '../../src/clock/index.ts';
import { Disk } from '../../src/node/disk.ts';
import { MemoryDisk, MemoryStore } from '../../storage/index.ts';
import { entriesAfter, genesis, noWrite, start } from '../storage/samples.ts';

const accepted = (term: number, match: number): Message => ({
  ...{ kind: 'append-reply', from: 'a/1', to: 'b/1', term },
  ...{ accepted: true, request: match, match },
});

it('what a later term overwrote in the same write is not acknowledged, for it was never on this disk (S32)', () => {
  const writes: (() => void)[] = [];
  const store = new MemoryStore(new MemoryDisk(), {
    nodeId: 'a',
    incarnation: '1',
    schedule: (_, run) => writes.push(run),
  });
  store.open(
    () => {},
    () => {},
  );
  writes.shift()?.();
  store.form(genesis, () => {});
  writes.shift()?.();
  const released: Message[] = [];
  const disk = new Disk(store, systemClock, {
    durable: (_, messages) => released.push(...messages),
    installed: () => {},
    failed: (error) => {
      throw error;
    },
  });
  const ofTerm1 = entriesAfter(start, 3, { term: 1 });
  const [first, ...later] = ofTerm1;
  const ofTerm2 = entriesAfter(first ?? start, 1, { term: 2 });
  const persists: Persist[] = [
    { id: 1, write: { ...noWrite, hardState: { term: 1, votedFor: undefined } }, thenSend: [] },
    { id: 2, write: { ...noWrite, entries: first === undefined ? [] : [first] }, thenSend: [accepted(1, 1)] },
    { id: 3, write: { ...noWrite, entries: later }, thenSend: [accepted(1, 3)] },
    {
      id: 4,
      write: { ...noWrite, hardState: { term: 2, votedFor: undefined }, truncateFrom: 2, entries: ofTerm2 },
      thenSend: [accepted(2, 2)],
    },
  ];

  for (const persist of persists) disk.ask(persist);
  while (writes.length > 0) writes.shift()?.();

  expect(released).toEqual([accepted(2, 2)]);
});
