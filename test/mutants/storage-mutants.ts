import type { Mutant } from './mutant.ts';

const storage = { tests: ['test/storage'] };

/** Bugs of the store: what would lose, or believe, what it must not. */
export const storageMutants: readonly Mutant[] = [
  {
    id: 'torn-middle-accepted',
    guard: 'damage before a later record is no torn tail (S96)',
    file: 'storage/preflight.ts',
    find: 'if (!damage.isTail) throw error;',
    plant: 'if (!damage.isTail && damage.offset < 0) throw error;',
    killer: storage,
  },
  {
    id: 'watermark-ignored',
    guard: 'a log that ends before its watermark was cut (S95)',
    file: 'storage/recovery.ts',
    find: 'if (bounds.last.index < mark.index) {',
    plant: 'if (bounds.last.index < 0 * mark.index) {',
    killer: storage,
  },
  {
    id: 'vote-rolled-back',
    guard: 'a hard state behind the watermark is not believed (S105)',
    file: 'storage/recovery.ts',
    find: 'if (hardState.term < mark.hardState.term || losesVote(mark.hardState, hardState)) {',
    plant: 'if (hardState.term < 0 && losesVote(mark.hardState, hardState)) {',
    killer: storage,
  },
  {
    id: 'chain-ignored',
    guard: 'entries continue one chain',
    file: 'storage/log-database.ts',
    find: 'if (entry.chain !== chainOf(before.chain, entry))',
    plant: 'if (chainOf(before.chain, entry) < 0)',
    killer: storage,
  },
  {
    id: 'row-count-ignored',
    guard: 'a row that vanished is missed (S98)',
    file: 'storage/table-database.ts',
    find: 'if (rowCount !== this.#head.rowCount || rowSum !== this.#head.rowSum) {',
    plant: 'if (rowCount + rowSum < 0) {',
    killer: storage,
  },
  {
    id: 'empty-under-old-data',
    guard: 'a log without an identity is no empty node (S97)',
    file: 'storage/identity.ts',
    find: '    await refuseOrphans(layout);\n',
    plant: '',
    killer: storage,
  },
  {
    id: 'verdict-forgotten',
    guard: 'a quarantine outlives the restart',
    file: 'storage/start.ts',
    find: "if (verdict !== undefined) return { kind: 'quarantined', identity, lock, reason: verdict };",
    plant: "if (verdict === '') return { kind: 'quarantined', identity, lock, reason: verdict };",
    killer: storage,
  },
  {
    id: 'retry-after-error',
    guard: 'after a failed write nothing is tried again (S102)',
    file: 'storage/level-store.ts',
    find: '    if (this.#failure === undefined) return true;\n',
    plant: '    if (this.#failure === undefined || !isClosing(this.#failure)) return true;\n',
    killer: storage,
  },
  {
    id: 'install-merges-rows',
    guard: 'a snapshot replaces the rows, it does not join them (S66)',
    file: 'storage/memory-store.ts',
    find: 'table: installed ?? image.table,',
    plant: 'table: installed && { ...installed, rows: new Map([...table.rows, ...installed.rows]) } || image.table,',
    killer: storage,
  },
  {
    id: 'second-open-unlocks',
    guard: 'a refused second open leaves the lock of the first',
    file: 'storage/directory-lock.ts',
    find: "  if (open.has(key)) throw inUse(layout, 'this process already');\n",
    plant: '',
    killer: storage,
  },
];
