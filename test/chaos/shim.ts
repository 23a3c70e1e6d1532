import { execFile } from 'node:child_process';
import { closeSync, openSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Places of the fields in `struct orders` of faults.c. */
const field = {
  wallOffset: 0,
  syncAction: 1,
  syncValue: 2,
  syncLeft: 3,
  writeError: 4,
  syncHits: 5,
  writeHits: 6,
  wallReads: 7,
} as const;

const fieldBytes = 8;

const action = { nothing: 0, delay: 1, fail: 2, hang: 3 } as const;

/** Of Linux. */
const errno = { EIO: 5, ENOSPC: 28 } as const;

const all = -1;

/** The preloaded library that lies to processes about disk and time of day, built for this run. */
export class Shim {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Compiles faults.c into `folder` with `cc`; rejects where that cannot be done. */
  static async compile(source: string, folder: string): Promise<Shim> {
    const shim = new Shim(folder);
    await promisify(execFile)('cc', ['-O2', '-shared', '-fPIC', '-o', shim.#library, source, '-ldl']);
    return shim;
  }

  /** Orders for one process, whatever its restarts, whose files lie in `dataFolder`. */
  ordersFor(host: string, dataFolder: string): Orders {
    const path = join(this.#folder, `${host}.orders`);
    return new Orders(path, {
      LD_PRELOAD: this.#library,
      HOLDFAST_CHAOS_ORDERS: path,
      HOLDFAST_CHAOS_FOLDER: dataFolder,
    });
  }

  get #library(): string {
    return join(this.#folder, 'faults.so');
  }
}

/** What one process is made to believe; changes at once, while it runs. */
export class Orders {
  /** To start the process with. */
  readonly environment: Readonly<Record<string, string>>;
  readonly #file: number;

  constructor(path: string, environment: Readonly<Record<string, string>>) {
    this.environment = environment;
    writeFileSync(path, Buffer.alloc(Object.keys(field).length * fieldBytes));
    this.#file = openSync(path, 'r+');
  }

  /** Every sync takes so much longer. */
  slowSyncs(ms: number): void {
    this.#order({ do: action.delay, value: ms, left: all });
  }

  /** The next sync fails with EIO. */
  failOneSync(): void {
    this.#order({ do: action.fail, value: errno.EIO, left: 1 });
  }

  /** Syncs do not come back until the disk is well. */
  hangSyncs(): void {
    this.#order({ do: action.hang, value: 0, left: all });
  }

  /** Writes fail with ENOSPC. */
  fillDisk(): void {
    this.#set('writeError', errno.ENOSPC);
  }

  healDisk(): void {
    this.#set('writeError', 0);
    this.#set('syncAction', action.nothing);
  }

  /** The time of day is wrong by so much. */
  shiftWall(ms: number): void {
    this.#set('wallOffset', ms * 1_000_000);
  }

  /** Calls to the disk that were hit so far. */
  get diskHits(): number {
    return this.#get('syncHits') + this.#get('writeHits');
  }

  close(): void {
    closeSync(this.#file);
  }

  /** The action last: the process must not act by old numbers. */
  #order(order: { readonly do: number; readonly value: number; readonly left: number }): void {
    this.#set('syncValue', order.value);
    this.#set('syncLeft', order.left);
    this.#set('syncAction', order.do);
  }

  #set(name: keyof typeof field, value: number): void {
    const bytes = Buffer.alloc(fieldBytes);
    bytes.writeBigInt64LE(BigInt(value));
    writeSync(this.#file, bytes, 0, fieldBytes, field[name] * fieldBytes);
  }

  #get(name: keyof typeof field): number {
    const bytes = Buffer.alloc(fieldBytes);
    readSync(this.#file, bytes, 0, fieldBytes, field[name] * fieldBytes);
    return Number(bytes.readBigInt64LE());
  }
}
