import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { makeDirectories } from '../../storage/data-directory.ts';
import { translated } from '../../storage/database.ts';
import { LevelStore, type Opened, resetDataDir } from '../../storage/index.ts';
import { LevelMachine } from './level-machine.ts';
import {
  asked,
  checkpoint,
  entriesAfter,
  genesis,
  lastOf,
  noWrite,
  openStore,
  positionOf,
  start,
  write,
} from './samples.ts';

const machines: LevelMachine[] = [];
afterEach(async () => {
  for (const machine of machines.splice(0)) await machine.remove();
});

async function make(): Promise<LevelMachine> {
  const machine = await LevelMachine.make();
  machines.push(machine);
  return machine;
}

const openAt = (dataDir: string): Promise<Opened> => openStore(new LevelStore({ dataDir, nodeId: 'n1' }));

/** A process that opens the directory, says so, and lives until it is killed. */
const holder = `
  const { LevelStore } = await import(process.argv[1]);
  new LevelStore({ dataDir: process.argv[2], nodeId: 'n1' }).open(() => undefined, (outcome) => {
    console.log(outcome.ok ? 'open' : outcome.error.code);
    setInterval(() => undefined, 1_000);
  });
`;
const built = fileURLToPath(new URL('../../dist/storage/index.js', import.meta.url));

test('a directory that another process uses is refused, and free once that one is killed (S103)', async () => {
  const machine = await make();
  const child = spawn(process.execPath, ['--input-type=module', '-e', holder, built, machine.dataDir]);
  const [said] = await once(createInterface(child.stdout), 'line');
  expect(said).toBe('open');

  await expect(openAt(machine.dataDir)).rejects.toMatchObject({
    code: 'DATA_DIR_IN_USE',
    message: expect.stringContaining('in use by another process'),
  });
  child.kill('SIGKILL');
  await once(child, 'exit');

  // The refused attempt has not raised the run: it was never in.
  expect((await machine.open()).found).toMatchObject({ kind: 'blank', identity: { run: 2 } });
});

/** What a process of its own is told when it opens the directory. */
async function openElsewhere(dataDir: string): Promise<string> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', holder, built, dataDir]);
  try {
    const [said] = await once(createInterface(child.stdout), 'line');
    return String(said);
  } finally {
    child.kill('SIGKILL');
  }
}

test('a directory stays locked against others after this process was refused a second open, or a reset', async () => {
  const machine = await make();
  await machine.open();

  await expect(openAt(machine.dataDir)).rejects.toMatchObject({
    code: 'DATA_DIR_IN_USE',
    message: expect.stringContaining('in use by this process already'),
  });
  expect(await openElsewhere(machine.dataDir)).toBe('DATA_DIR_IN_USE');
  await expect(asked<void>((done) => resetDataDir(machine.dataDir, done))).rejects.toMatchObject({
    code: 'DATA_DIR_IN_USE',
  });
  expect(await openElsewhere(machine.dataDir)).toBe('DATA_DIR_IN_USE');

  await machine.stop();
  expect(await openElsewhere(machine.dataDir)).toBe('open');
});

test('a directory is one directory, whatever way leads to it', async () => {
  const machine = await make();
  await machine.open();
  const other = join(machine.root, 'way');
  await symlink(machine.root, other);

  await expect(openAt(join(other, 'node'))).rejects.toMatchObject({ code: 'DATA_DIR_IN_USE' });
  expect(await openElsewhere(join(other, 'node'))).toBe('DATA_DIR_IN_USE');
});

test('a directory of another node is refused', async () => {
  const machine = await make();
  await machine.open();
  await machine.stop();

  await expect(machine.open({ nodeId: 'n2' })).rejects.toMatchObject({
    code: 'WRONG_NODE',
    message: expect.stringContaining('belongs to node n1, not to n2'),
  });
  await expect(machine.open()).resolves.toMatchObject({ found: { identity: { run: 2 } } });
});

test('a file, a link, a path below a file and a directory of other things are refused', async () => {
  const { root } = await make();
  await writeFile(join(root, 'file'), '');
  await mkdir(join(root, 'real'));
  await symlink(join(root, 'real'), join(root, 'link'));
  await mkdir(join(root, 'home'));
  await writeFile(join(root, 'home', 'letter.txt'), '');

  for (const path of ['file', 'link', 'file/below', 'home']) {
    await expect(openAt(join(root, path)), path).rejects.toMatchObject({ code: 'DATA_DIR_UNSAFE' });
  }
  expect(await readdir(join(root, 'real'))).toEqual([]);
  expect(await readdir(join(root, 'home'))).toEqual(['letter.txt']);
});

test('a directory that others may enter is closed to them', async () => {
  const machine = await make();
  await mkdir(machine.dataDir, { mode: 0o777 });

  await machine.open();

  expect((await stat(machine.dataDir)).mode & 0o777).toBe(0o700);
  expect((await stat(machine.path('identity.json'))).mode & 0o077).toBe(0);
});

test('a place where nothing can be made is refused, as not writable', async () => {
  // Nobody, not even root, can make directories there.
  await expect(openAt('/sys/kernel/holdfast')).rejects.toMatchObject({ code: 'DATA_DIR_NOT_WRITABLE' });
});

test('a new directory on a read-only file system is refused with the reason that it gives', async () => {
  const machine = await make();
  await machine.open();
  const mounted = machine.path('mounted');
  await mkdir(mounted);
  const readOnly = Object.assign(new Error('EROFS: read-only file system'), { code: 'EROFS' });
  const makeThere = (path: string): Promise<unknown> =>
    dirname(path) === mounted ? Promise.reject(readOnly) : mkdir(path);

  const refusal = await makeDirectories(join(mounted, 'new', 'data'), makeThere).catch((error) =>
    translated(error, 'x'),
  );

  expect(refusal).toMatchObject({ code: 'DATA_DIR_NOT_WRITABLE' });
});

test('a directory is made with those above it, and one that is there is left as it is', async () => {
  const machine = await make();
  await machine.open();
  const deep = machine.path('a', 'b', 'c');

  await makeDirectories(deep, mkdir);
  await makeDirectories(deep, mkdir);

  expect((await stat(deep)).isDirectory()).toBe(true);
});

test('an open that hangs is answered in time, and what ends too late is let go', async () => {
  const machine = await make();
  const timers: (() => void)[] = [];
  const after = (_: number, fire: () => void): { cancel(): void } => {
    timers.push(fire);
    return { cancel: () => undefined };
  };
  const store = machine.store({ after });
  const opening = openStore(store);

  for (const fire of timers) fire();

  await expect(opening).rejects.toMatchObject({ code: 'OPEN_TIMEOUT' });
  await expect
    .poll(() => openAt(machine.dataDir).then((found) => found.kind, String), { timeout: 5_000 })
    .toBe('blank');
});

test('a full disk ends the store: no later write is tried, and a restart finds all that was acknowledged (S102)', async () => {
  const machine = await make();
  const { store } = await machine.open({ writeBufferBytes: 64 * 1024 });
  await asked((done) => store.form(genesis, done));
  const acknowledged = entriesAfter(start, 10, { bytes: 1_024 });
  await write(store, { hardState: { term: 1, votedFor: undefined }, entries: acknowledged });
  const current = Number.parseInt((await machine.newest('log', '.log')).replace(/.*\//, ''), 10);
  // LevelDB's next write-ahead logs are made where nothing fits.
  const full = Array.from({ length: 11 }, (_, place) =>
    machine.path('log', `${String(current + 1 + place).padStart(6, '0')}.log`),
  );
  for (const path of full) await symlink('/dev/full', path);

  let last = lastOf(acknowledged);
  let error: unknown;
  for (let round = 0; round < 100 && error === undefined; round += 1) {
    const entries = entriesAfter(last, 4, { bytes: 4_096 });
    const outcome = await write(store, { entries }).catch((cause: unknown) => cause);
    if (outcome instanceof Error) error = outcome;
    else last = lastOf(entries);
  }

  expect(error).toMatchObject({
    code: 'BACKEND',
    message: expect.stringMatching(/No space left|Input\/output|Invalid/),
  });
  await expect(write(store, { entries: [] })).rejects.toBe(error);
  await expect(checkpoint(store, positionOf(last), {})).rejects.toBe(error);
  expect(() => store.readSnapshot()).toThrow();

  await machine.stop();
  // Room was made: what did not fit is empty files now.
  for (const path of full) {
    await rm(path);
    await writeFile(path, '');
  }
  const { found } = await machine.open();
  expect(found.kind === 'member' && found.restored.entries.length).toBe(last.index);
});

test('a reset moves everything aside and leaves a blank node of a new incarnation', async () => {
  const machine = await make();
  const { store, found } = await machine.open();
  await asked((done) => store.form(genesis, done));
  await expect(asked<void>((done) => resetDataDir(machine.dataDir, done))).rejects.toMatchObject({
    code: 'DATA_DIR_IN_USE',
  });
  await machine.stop();

  await asked<void>((done) => resetDataDir(machine.dataDir, done));

  const { found: fresh } = await machine.open();
  expect(fresh).toMatchObject({ kind: 'blank', identity: { run: 1, clusterId: undefined } });
  expect(fresh.identity.incarnation).not.toBe(found.identity.incarnation);
  expect((await readdir(machine.path('quarantine', 'reset-1'))).sort()).toEqual(
    ['identity.json', 'log', 'table-1', 'watermark.a', 'watermark.b'].sort(),
  );
});

test('a reset of a path where no node ever was is refused, and makes nothing', async () => {
  const machine = await make();
  const missing = join(machine.root, 'missing');
  const empty = join(machine.root, 'empty');
  await mkdir(empty);

  for (const dataDir of [missing, empty]) {
    await expect(asked<void>((done) => resetDataDir(dataDir, done))).rejects.toMatchObject({
      code: 'DATA_DIR_UNSAFE',
      message: expect.stringContaining('holds no data of a node'),
    });
  }
  expect(await readdir(machine.root)).toEqual(['empty']);
  expect(await readdir(empty)).toEqual([]);
});

test('a directory like /var, with a log of its own, is not taken for a node, and its mode stays', async () => {
  const machine = await make();
  for (const name of ['log', 'lock', 'lib', 'quarantine']) await mkdir(machine.path(name), { recursive: true });
  await chmod(machine.dataDir, 0o755);

  await expect(openAt(machine.dataDir)).rejects.toMatchObject({ code: 'DATA_DIR_UNSAFE' });
  await expect(asked<void>((done) => resetDataDir(machine.dataDir, done))).rejects.toMatchObject({
    code: 'DATA_DIR_UNSAFE',
    message: expect.stringContaining('holds no data of a node'),
  });

  expect((await readdir(machine.dataDir)).sort()).toEqual(['lib', 'lock', 'log', 'quarantine']);
  expect((await stat(machine.dataDir)).mode & 0o777).toBe(0o755);
});

test('a node whose identity was lost can be reset, and a reset one again', async () => {
  const machine = await make();
  const { store } = await machine.open();
  await asked((done) => store.form(genesis, done));
  await machine.stop();
  await rm(machine.path('identity.json'));

  for (let round = 0; round < 2; round += 1) await asked<void>((done) => resetDataDir(machine.dataDir, done));

  expect((await machine.open()).found.kind).toBe('blank');
});

test('a reset is the only cure for a quarantine', async () => {
  const machine = await make();
  const { store } = await machine.open();
  await asked((done) => store.form(genesis, done));
  await machine.stop();
  const log = await machine.newest('log', '.log');
  const whole = await readFile(log);
  await writeFile(log, whole.subarray(0, 0));
  expect((await machine.open()).found.kind).toBe('quarantined');
  await machine.stop();

  await writeFile(log, whole);
  const { store: still, found } = await machine.open();

  expect(found.kind).toBe('quarantined');
  await expect(asked<void>((done) => still.write(noWrite, done))).rejects.toMatchObject({ code: 'CORRUPT_STORAGE' });
  await machine.stop();
  await asked<void>((done) => resetDataDir(machine.dataDir, done));
  expect((await machine.open()).found.kind).toBe('blank');
});

test('what is free on the disk is known', async () => {
  const machine = await make();
  const { store } = await machine.open();

  expect(store.bytesFree()).toBeGreaterThan(0);
});
