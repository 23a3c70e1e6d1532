import { closeSync, constants, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { wrongType } from './errors.ts';
import type { Logger } from './logger.ts';
import { type JournalSink, NodeJournal } from './node/index.ts';

/** How every line of a journal begins. */
const lineStart = '{"ev":"';

/** No line of a journal is longer. */
const lineBytesMax = 1_024;

/** A journal that goes to the end of the file at `path`. Throws a TypeError if that is no place for one. */
export function openJournal(path: string, logger: Logger): NodeJournal {
  return new NodeJournal(new JournalFile(path, logger));
}

/**
 * Grows at its end alone, by whole writes, so that a process that is killed leaves at most one half line, the last one.
 * With the first error it ends; the node goes on without it.
 */
class JournalFile implements JournalSink {
  readonly #path: string;
  readonly #logger: Logger;
  /** Undefined once it has ended. */
  #file: number | undefined;

  constructor(path: string, logger: Logger) {
    this.#path = path;
    this.#logger = logger;
    try {
      this.#file = opened(path);
    } catch (error) {
      throw wrongType(`journal: ${path} cannot be used: ${reasonOf(error)}`);
    }
  }

  append(lines: string): void {
    if (this.#file === undefined) return;
    const bytes = Buffer.from(lines, 'utf8');
    try {
      const written = writeSync(this.#file, bytes);
      if (written < bytes.length) this.#giveUp(`${written} of ${bytes.length} bytes were written`);
    } catch (error) {
      this.#giveUp(reasonOf(error));
    }
  }

  close(): void {
    const file = this.#file;
    this.#file = undefined;
    if (file === undefined) return;
    try {
      closeSync(file);
    } catch {
      // The system has let go of it all the same, and all lines were written before.
    }
  }

  /** After a line that was cut short, none may follow. */
  #giveUp(reason: string): void {
    this.#logger.error({ journal: this.#path, reason }, 'the journal ends here: it cannot be written');
    this.close();
  }
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function opened(path: string): number {
  const file = openSync(path, constants.O_RDWR | constants.O_APPEND | constants.O_CREAT, 0o600);
  try {
    const stat = fstatSync(file);
    // A pipe or a terminal that nobody reads would hold the node up.
    if (!stat.isFile()) throw new Error('it is no regular file');
    dropHalfLine(file, stat.size);
  } catch (error) {
    closeSync(file);
    throw error;
  }
  return file;
}

/** What a process that was killed left unfinished would spoil the first line of this one. Nothing else is cut off. */
function dropHalfLine(file: number, size: number): void {
  const from = Math.max(0, size - lineBytesMax);
  const end = Buffer.alloc(size - from);
  readSync(file, end, 0, end.length, from);
  const half = end.subarray(end.lastIndexOf('\n') + 1);
  if (half.length === 0) return;
  const start = half.subarray(0, lineStart.length).toString('latin1');
  if (!lineStart.startsWith(start)) throw new Error('what it ends with is no line of a journal');
  ftruncateSync(file, size - half.length);
}
