import { constants, fdatasync, write } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/**
 * Whether a file can be open in such a way that a write is durable when it returns: one call to the system instead of
 * two. macOS has that mode, but leaves the bytes in the disk's own cache, where `fdatasync` of Node.js does not.
 */
const syncsByWriting = process.platform === 'linux';
const flags = syncsByWriting ? constants.O_RDWR | constants.O_DSYNC : constants.O_RDWR;

/** A part of a buffer, and its place in a file. */
export interface Piece {
  readonly buffer: Buffer;
  readonly from: number;
  readonly length: number;
  readonly at: number;
}

/** Opens a file for `writeSynced`; makes it, if it is to be. */
export const openSynced = (path: string, isNew = false): Promise<FileHandle> =>
  open(path, isNew ? flags | constants.O_CREAT : flags, 0o600);

/** Calls `written` once, with null when all of `piece` is durable. A write may end early; its rest then tells why. */
export function writeSynced(handle: FileHandle, piece: Piece, written: (error: Error | null) => void): void {
  const { buffer, from, length, at } = piece;
  write(handle.fd, buffer, from, length, at, (error, count) => {
    if (error !== null) written(error);
    else if (count < length) {
      writeSynced(handle, { buffer, from: from + count, length: length - count, at: at + count }, written);
    } else if (syncsByWriting) written(null);
    else fdatasync(handle.fd, written);
  });
}

/** Puts zeros into a file from `from` to `to`, durably, a part at a time; stops when `isCancelled` says so. */
export async function fillSynced(
  handle: FileHandle,
  { from, to, isCancelled }: { readonly from: number; readonly to: number; readonly isCancelled: () => boolean },
): Promise<void> {
  const buffer = Buffer.alloc(Math.min(sliceBytes, Math.max(0, to - from)));
  for (let at = from; at < to && !isCancelled(); at += buffer.length) {
    const length = Math.min(buffer.length, to - at);
    await new Promise<void>((resolve, reject) => {
      writeSynced(handle, { buffer, from: 0, length, at }, (error) => (error === null ? resolve() : reject(error)));
    });
  }
}

/** So much is filled at once, lest the writes of the log wait long for their turn at the disk. */
const sliceBytes = 256 * 1024;
