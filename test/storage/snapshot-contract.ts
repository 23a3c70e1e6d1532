import { afterEach, describe, expect, test } from 'vitest';
import type { Position } from '../../raft/index.ts';
import type { SnapshotReceiver, Store } from '../../storage/index.ts';
import { at, type Machine, Rig } from './rig.ts';
import { asked, checkpoint, chunksOf, entriesAfter, headAt, lastOf, noWrite, rowsOf, write } from './samples.ts';

/** What every store promises of snapshots; run over each of them. */
export function snapshotContract(name: string, build: () => Promise<Machine>): void {
  describe(`${name} as a source and target of snapshots`, () => {
    const rig = new Rig(build);
    afterEach(() => rig.takeDown());

    test('a snapshot reader sees one checkpoint, whatever is written meanwhile', async () => {
      const { store, entries } = await rig.used();
      const reader = store.readSnapshot();
      const first = await asked<Uint8Array | undefined>((done) => reader.next(1, done));
      await checkpoint(store, at(entries, 9), { a: undefined, b: 'new', x: 'new' });

      const rest = await chunksOf(reader, 1);

      expect(reader.head).toEqual(headAt(at(entries, 6)));
      expect(reader.total.chunks).toBe(3);
      expect(await installedRows(first === undefined ? rest : [first, ...rest], reader)).toEqual({
        a: '1',
        b: '2',
        c: '3',
      });
    });

    const installedRows = async (
      chunks: readonly Uint8Array[],
      from: { head: SnapshotReceiver['head']; total: { chunks: number; checksum: number } },
    ): Promise<Record<string, string>> => {
      const { machine, store } = await rig.member();
      const receiver = store.receiveSnapshot(from.head);
      for (const chunk of chunks) await asked<void>((done) => receiver.put(chunk, done));
      await asked<void>((done) => receiver.finish(from.total, done));
      await write(store, {
        hardState: { term: from.head.position.term, votedFor: undefined },
        install: { snapshot: from.head, keepsSuffix: false },
      });
      const rows = await rowsOf(store.rows());
      const { found } = await rig.reopen(machine, store);
      expect(found.rows).toEqual(rows);
      expect(found.restored).toMatchObject({ checkpoint: from.head, base: from.head.position, entries: [] });
      return rows;
    };

    /** A receiver in `store` that holds a finished snapshot at `position` with the row `s`. */
    const receive = async (store: Store, position: Position): Promise<SnapshotReceiver> => {
      const source = await rig.member();
      const entries = entriesAfter({ ...position, index: position.index - 1 }, 1);
      expect(lastOf(entries).index).toBe(position.index);
      await checkpoint(source.store, position, { s: 'snapshot' });
      const reader = source.store.readSnapshot();
      const receiver = store.receiveSnapshot(reader.head);
      for (const chunk of await chunksOf(reader)) await asked<void>((done) => receiver.put(chunk, done));
      await asked<void>((done) => receiver.finish(reader.total, done));
      return receiver;
    };

    test('an installed snapshot replaces the rows and empties a log that differs', async () => {
      const { machine, store } = await rig.used();
      const position = { index: 8, term: 2, chain: 4711 };
      await receive(store, position);
      await write(store, {
        hardState: { term: 2, votedFor: undefined },
        install: { snapshot: headAt(position), keepsSuffix: false },
      });
      expect(await rowsOf(store.rows())).toEqual({ s: 'snapshot' });
      const more = entriesAfter(position, 2, { term: 2 });
      await write(store, { entries: more });

      const { found } = await rig.reopen(machine, store);

      expect(found.rows).toEqual({ s: 'snapshot' });
      expect(found.restored).toMatchObject({ base: position, checkpoint: headAt(position) });
      expect(found.restored.entries).toEqual(more);
    });

    test('an installed snapshot that stood in the log keeps the entries after it', async () => {
      const { machine, store, entries } = await rig.used();
      const position = at(entries, 8);
      await receive(store, position);
      await write(store, { install: { snapshot: headAt(position), keepsSuffix: true } });

      const { found } = await rig.reopen(machine, store);

      expect(found.rows).toEqual({ s: 'snapshot' });
      expect(found.restored.base).toEqual(position);
      expect(found.restored.entries).toEqual(entries.slice(8));
    });

    test('a snapshot that was received but not installed leaves no trace', async () => {
      const { machine, store, entries } = await rig.used();
      await receive(store, at(entries, 9));

      const { found } = await rig.reopen(machine, store);

      expect(found.rows).toEqual({ a: '1', b: '2', c: '3' });
      expect(found.restored.checkpoint).toEqual(headAt(at(entries, 6)));
    });

    test('a new receiver aborts the one before, and only a finished one can be installed', async () => {
      const { store, entries } = await rig.used();
      await receive(store, at(entries, 9));
      const second = store.receiveSnapshot(headAt(at(entries, 9)));

      expect(() =>
        store.write({ ...noWrite, install: { snapshot: second.head, keepsSuffix: true } }, () => undefined),
      ).toThrow('not there');
    });

    test('a damaged chunk and a wrong total are refused, and the current table stays', async () => {
      const { store, entries } = await rig.used();
      const reader = store.readSnapshot();
      const chunks = await chunksOf(reader);
      const damaged = chunks[0]?.slice() ?? new Uint8Array(1);
      damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 1;

      const first = store.receiveSnapshot(headAt(at(entries, 8)));
      await expect(asked<void>((done) => first.put(damaged, done))).rejects.toMatchObject({ code: 'CORRUPT_STORAGE' });
      const second = store.receiveSnapshot(headAt(at(entries, 8)));
      const short = asked<void>((done) => second.finish(reader.total, done));

      await expect(short).rejects.toMatchObject({ code: 'CORRUPT_STORAGE' });
      expect(await rowsOf(store.rows())).toEqual({ a: '1', b: '2', c: '3' });
    });
  });
}
