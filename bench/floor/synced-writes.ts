import { constants, mkdirSync, write } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { Level } from 'level';
import type { Disk } from './messages.ts';

/** About what one command takes in the log. */
const recordBytes = 150;
const pageBytes = 4_096;
const fileBytes = 16 * 1_024 * 1_024;

/** Writes one small record; `done` once it is on the disk. */
export type SyncedWrite = (done: () => void) => void;

export async function syncedWrites(disk: Disk, folder: string): Promise<SyncedWrite> {
  mkdirSync(folder, { recursive: true });
  return disk === 'file' ? await inFile(join(folder, 'records')) : await inLevel(join(folder, 'level'));
}

/** A page for each record, one after the other, in a file that is filled and synced already. */
async function inFile(path: string): Promise<SyncedWrite> {
  const filling = await open(path, 'w');
  await filling.writeFile(Buffer.alloc(fileBytes));
  await filling.sync();
  await filling.close();
  const file = await open(path, constants.O_RDWR | constants.O_DSYNC);
  const page = Buffer.alloc(pageBytes, 1);
  let at = 0;
  return (done) => {
    at = (at + pageBytes) % fileBytes;
    write(file.fd, page, 0, pageBytes, at, (error) => {
      if (error !== null) throw error;
      done();
    });
  };
}

async function inLevel(path: string): Promise<SyncedWrite> {
  const level = new Level<string, Uint8Array>(path, { valueEncoding: 'view' });
  await level.open();
  const record = new Uint8Array(recordBytes).fill(1);
  let count = 0;
  return (done) => {
    count += 1;
    level
      .batch([{ type: 'put', key: count.toString(16).padStart(14, '0'), value: record }], { sync: true })
      .then(done, (error: unknown) => {
        throw error;
      });
  };
}
