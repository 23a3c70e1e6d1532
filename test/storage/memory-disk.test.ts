import { expect, test } from 'vitest';
import type { Entry, LogWrite } from '../../raft/index.ts';
import { chainOf, type Done, MemoryDisk, MemoryStore, type Opened, type Outcome } from '../../storage/index.ts';

const configuration = { voters: [{ id: 'a', address: 'localhost:1' }], outgoing: [], learners: [] };
const noWrite: LogWrite = {
  hardState: undefined,
  install: undefined,
  base: undefined,
  truncateFrom: undefined,
  entries: [],
};

/** The outcome of a call whose `done` runs within it. */
function now<T>(call: (done: Done<T>) => void): Outcome<T> | undefined {
  let outcome: Outcome<T> | undefined;
  call((answer) => {
    outcome = answer;
  });
  return outcome;
}

function valueIn<T>(outcome: Outcome<T> | undefined): T {
  if (outcome === undefined) throw new Error('not answered');
  if (!outcome.ok) throw outcome.error;
  return outcome.value;
}

const entryAt = (index: number, term = 1): Entry => {
  const body = { index, term, kind: 'commands' as const, payload: new Uint8Array([index]) };
  return { ...body, chain: chainOf(0, body) };
};

interface World {
  readonly disk: MemoryDisk;
  /** Completions that the disk owes, oldest first; empty while `held` is false. */
  readonly owed: (() => void)[];
  held: boolean;
  start(): { store: MemoryStore; opened: Opened };
}

function world(): World {
  const disk = new MemoryDisk();
  const self: World = {
    disk,
    owed: [],
    held: false,
    start: () => {
      const schedule = (_: number, run: () => void): void => {
        if (self.held) self.owed.push(run);
        else run();
      };
      const store = new MemoryStore(disk, { nodeId: 'a', incarnation: 'i1', schedule });
      return { store, opened: valueIn(now<Opened>((done) => store.open(() => undefined, done))) };
    },
  };
  return self;
}

function formed(): World & { store: MemoryStore } {
  const made = world();
  const { store } = made.start();
  valueIn(now((done: Done<unknown>) => store.form({ clusterId: 'c', configuration }, done)));
  return Object.assign(made, { store });
}

test('a power cut keeps the writes the caller names and no others', () => {
  for (const keep of [0, 1]) {
    const machine = formed();
    machine.held = true;
    machine.store.write({ ...noWrite, entries: [entryAt(1)] }, () => expect.unreachable('acknowledged without power'));
    expect(machine.disk.pending.map((write) => write.kind)).toEqual(['write']);

    machine.disk.powerOff(keep);
    machine.held = false;
    for (const run of machine.owed) run();

    const { opened } = machine.start();
    expect(opened).toMatchObject({ kind: 'member', restored: { entries: keep === 1 ? [{ index: 1 }] : [] } });
  }
});

test('a dead machine calls nobody back and changes nothing', () => {
  const machine = formed();
  machine.disk.powerOff();

  machine.store.write({ ...noWrite, entries: [entryAt(1)] }, () => expect.unreachable('answered without power'));

  expect(machine.disk.image.log?.entries).toEqual([]);
});

test('a log older than its watermark is quarantined', () => {
  const machine = formed();
  const before = machine.disk.image;
  valueIn(now((done: Done) => machine.store.write({ ...noWrite, entries: [entryAt(1)] }, done)));

  machine.disk.rollBackLog(before);

  expect(machine.start().opened).toMatchObject({ kind: 'quarantined', identity: { run: 2 } });
});

test('a lost log under a kept identity is quarantined, a wiped disk is blank', () => {
  const machine = formed();
  machine.disk.loseLog();
  expect(machine.start().opened.kind).toBe('quarantined');

  machine.disk.wipe();
  expect(machine.start().opened).toMatchObject({ kind: 'blank', identity: { run: 1, clusterId: undefined } });
});

test('an old copy of the whole disk opens as a member: only its peers can tell, by the run', () => {
  const machine = formed();
  const copy = machine.disk.image;
  machine.disk.powerOff();
  machine.start();

  machine.disk.restore(copy);

  expect(machine.start().opened).toMatchObject({ kind: 'member', identity: { run: 2 } });
});

test('a failed write latches the store, and may be on the disk all the same', () => {
  for (const reachesDisk of [false, true]) {
    const machine = formed();
    machine.disk.failNext({ kind: 'write', error: new Error('EIO'), reachesDisk });
    const first = now((done: Done) => machine.store.write({ ...noWrite, entries: [entryAt(1)] }, done));
    const second = now((done: Done) => machine.store.write({ ...noWrite, entries: [entryAt(1)] }, done));
    expect(first).toMatchObject({ ok: false, error: { message: 'EIO' } });
    expect(second).toEqual(first);

    machine.disk.powerOff();

    const { opened } = machine.start();
    expect(opened.kind === 'member' && opened.restored.entries.length).toBe(reachesDisk ? 1 : 0);
  }
});
