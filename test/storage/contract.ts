import { afterEach, describe, expect, test } from 'vitest';
import type { Identity } from '../../storage/index.ts';
import { at, type Machine, Rig } from './rig.ts';
import {
  asked,
  checkpoint,
  configuration,
  entriesAfter,
  genesis,
  headAt,
  lastOf,
  noWrite,
  openStore,
  rowsOf,
  start,
  write,
} from './samples.ts';

/** What every store promises of log, rows and identity; run over each of them. */
export function storeContract(name: string, build: () => Promise<Machine>): void {
  describe(`${name} as a store`, () => {
    const rig = new Rig(build);
    afterEach(() => rig.takeDown());

    test('an unused one opens blank with an identity of its own, and the run rises with each open', async () => {
      const machine = await rig.machine();
      const first = await rig.open(machine);
      await asked<void>((done) => first.store.close(done));

      const second = await rig.open(machine);

      expect(first.found).toMatchObject({ kind: 'blank', identity: { clusterId: undefined, nodeId: 'n1', run: 1 } });
      expect(first.found.identity.incarnation).toMatch(/^[0-9a-f]{32}$/);
      expect(second.found).toEqual({ kind: 'blank', identity: { ...first.found.identity, run: 2 }, rows: {} });
    });

    test('a condemned one refuses everything, and is quarantined for that reason at every later open', async () => {
      const { machine, store } = await rig.member();
      await asked<void>((done) => store.condemn('an old copy', done));

      const writing = write(store, { entries: entriesAfter(start, 1) });

      await expect(writing).rejects.toMatchObject({ code: 'CORRUPT_STORAGE' });
      await asked<void>((done) => store.close(done));
      for (let round = 0; round < 2; round += 1) {
        const again = await rig.open(machine);
        expect(again.found).toMatchObject({ kind: 'quarantined', reason: expect.stringContaining('an old copy') });
        await asked<void>((done) => again.store.close(done));
      }
    });

    test('a formed one is a member from then on, with no entries and no rows', async () => {
      const machine = await rig.machine();
      const { store } = await rig.open(machine);

      const formed = await asked<{ identity: Identity; restored: unknown }>((done) => store.form(genesis, done));

      const { found } = await rig.reopen(machine, store);
      expect(formed.identity.clusterId).toBe('cluster-1');
      expect(found.identity).toEqual({ ...formed.identity, run: 2 });
      expect(found.restored).toEqual(formed.restored);
      expect(found.restored).toEqual({
        hardState: { term: 0, votedFor: undefined },
        checkpoint: { position: start, configuration: { index: 0, configuration } },
        base: start,
        entries: [],
      });
      expect(found.rows).toEqual({});
    });

    test('entries and hard state come back as they were written', async () => {
      const { machine, store } = await rig.member();
      const entries = entriesAfter(start, 12);
      await write(store, { hardState: { term: 3, votedFor: 'b/1' }, entries: entries.slice(0, 5) });
      await write(store, { entries: entries.slice(5) });

      const { found } = await rig.reopen(machine, store);

      expect(found.restored.hardState).toEqual({ term: 3, votedFor: 'b/1' });
      expect(found.restored.entries).toEqual(entries);
    });

    test('a vote that was never cast is not an empty one', async () => {
      const { machine, store } = await rig.member();
      await write(store, { hardState: { term: 2, votedFor: undefined } });

      const { found } = await rig.reopen(machine, store);

      expect(found.restored.hardState).toEqual({ term: 2, votedFor: undefined });
    });

    test('a truncation removes every stale entry, also those that nothing replaces', async () => {
      const { machine, store } = await rig.member();
      const entries = entriesAfter(start, 10);
      await write(store, { hardState: { term: 1, votedFor: undefined }, entries });
      const other = entriesAfter(at(entries, 4), 2, { term: 2 });
      await write(store, { hardState: { term: 2, votedFor: undefined }, truncateFrom: 5, entries: other });

      const { store: second, found } = await rig.reopen(machine, store);
      expect(found.restored.entries).toEqual([...entries.slice(0, 4), ...other]);

      await write(second, { truncateFrom: 4 });
      expect((await rig.reopen(machine, second)).found.restored.entries).toEqual(entries.slice(0, 3));
    });

    test('a write that would leave a hole is refused and leaves no trace', async () => {
      const { machine, store } = await rig.member();
      const entries = entriesAfter(start, 3);

      expect(() => store.write({ ...noWrite, entries: entries.slice(1) }, () => undefined)).toThrow('leaves a hole');

      await write(store, { hardState: { term: 1, votedFor: undefined }, entries });
      expect((await rig.reopen(machine, store)).found.restored.entries).toEqual(entries);
    });

    test('a write while another is under way is refused, one within its answer is not (S99)', async () => {
      const { machine, store } = await rig.member();
      const entries = entriesAfter(start, 2);
      const first = { ...noWrite, hardState: { term: 1, votedFor: undefined }, entries: entries.slice(0, 1) };
      const second = { ...noWrite, entries: entries.slice(1) };

      const both = asked<void>((done) => {
        store.write(first, () => store.write(second, done));
        expect(() => store.write(second, () => undefined)).toThrow('under way');
      });
      await both;

      expect((await rig.reopen(machine, store)).found.restored.entries).toEqual(entries);
    });

    test('a checkpoint replaces, adds and deletes rows, and is found again', async () => {
      const { machine, store, entries } = await rig.used();
      await checkpoint(store, at(entries, 8), { a: 'one', b: undefined, d: '4' });

      const { found } = await rig.reopen(machine, store);

      expect(found.rows).toEqual({ a: 'one', c: '3', d: '4' });
      expect(found.restored.checkpoint).toEqual(headAt(at(entries, 8)));
    });

    test('writes and checkpoints may overlap', async () => {
      const { machine, store, entries } = await rig.used();
      const more = entriesAfter(lastOf(entries), 5);

      await Promise.all([checkpoint(store, at(entries, 10), { z: '26' }), write(store, { entries: more })]);

      const { found } = await rig.reopen(machine, store);
      expect(found.restored.entries).toEqual([...entries, ...more]);
      expect(found.rows).toEqual({ a: '1', b: '2', c: '3', z: '26' });
    });

    test('the base drops what a checkpoint covers, now and after further writes', async () => {
      const { machine, store, entries } = await rig.used();
      await write(store, { base: at(entries, 6) });
      const more = entriesAfter(lastOf(entries), 3);
      await write(store, { entries: more });

      const { found } = await rig.reopen(machine, store);

      expect(found.restored.base).toEqual(at(entries, 6));
      expect(found.restored.entries).toEqual([...entries.slice(6), ...more]);
    });

    test('the base never passes the newest checkpoint', async () => {
      const { store, entries } = await rig.used();

      expect(() => store.write({ ...noWrite, base: at(entries, 7) }, () => undefined)).toThrow('beyond the checkpoint');
    });

    test('rows come in key order, more of them than one batch holds', async () => {
      const { store, entries } = await rig.used();
      const names = Array.from({ length: 2_500 }, (_, number) => `row-${String(number).padStart(4, '0')}`);
      await checkpoint(store, at(entries, 9), Object.fromEntries([...names].reverse().map((key) => [key, key])));

      const found = Object.keys(await rowsOf(store.rows()));

      expect(found).toEqual(['a', 'b', 'c', ...names]);
    });

    test('two stores never share what they keep', async () => {
      const { machine } = await rig.member();
      const second = machine.store();

      const opening = openStore(second);

      await expect(opening).rejects.toMatchObject({ code: 'DATA_DIR_IN_USE' });
    });

    test('a closed store answers everything with an error, and closes again', async () => {
      const { store } = await rig.member();
      await asked<void>((done) => store.close(done));

      await expect(write(store, {})).rejects.toMatchObject({ code: 'CLOSED' });
      await expect(checkpoint(store, start, {})).rejects.toMatchObject({ code: 'CLOSED' });
      expect(() => store.rows()).toThrow('closed');
      await asked<void>((done) => store.close(done));
    });

    test('close waits for the formation that is under way, and leaves nothing of it open', async () => {
      const machine = await rig.machine();
      const { store } = await rig.open(machine);
      const order: string[] = [];
      const forming = asked((done) => store.form(genesis, done)).then(() => order.push('formed'));

      await Promise.all([forming, asked<void>((done) => store.close(done)).then(() => order.push('closed'))]);

      expect(order).toEqual(['formed', 'closed']);
      expect((await rig.open(machine)).found.kind).toBe('member');
    });

    test('close waits for the write that is under way', async () => {
      const { machine, store } = await rig.member();
      const entries = entriesAfter(start, 3);
      const order: string[] = [];
      const writing = write(store, { hardState: { term: 1, votedFor: undefined }, entries }).then(() =>
        order.push('written'),
      );
      const closing = asked<void>((done) => store.close(done)).then(() => order.push('closed'));
      await Promise.all([writing, closing]);

      expect(order).toEqual(['written', 'closed']);
      expect((await rig.reopen(machine, store)).found.restored.entries).toEqual(entries);
    });
  });
}
