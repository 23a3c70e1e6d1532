import { statfsSync } from 'node:fs';

const freshMs = 1_000;

/** How much room a file system has, asked at most once a second. */
export class DiskSpace {
  readonly #path: string;
  #asked: { readonly at: number; readonly bytes: number | undefined } | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Bytes that this process may still fill, or undefined where nobody can say. */
  free(): number | undefined {
    const at = performance.now();
    if (this.#asked === undefined || at - this.#asked.at >= freshMs) this.#asked = { at, bytes: this.#ask() };
    return this.#asked.bytes;
  }

  #ask(): number | undefined {
    try {
      const { bavail, bsize } = statfsSync(this.#path);
      return bavail * bsize;
    } catch (error) {
      // A directory that is gone has other ways to show it; here only the number is unknown.
      if (error instanceof Error && 'code' in error) return undefined;
      throw error;
    }
  }
}
