import { type AcquireOptions, type CheckedOptions, checkAcquireOptions } from './acquire-options.ts';
import { awaitGrant, type LockSurroundings } from './awaiting.ts';
import type { ConversionOutcome, ConversionWish } from './conversion.ts';
import { NotHeldError, TimeoutError, wrongType } from './errors.ts';
import { LockHandle } from './handle.ts';
import type { Hold } from './hold.ts';

/** How a reader-writer lock is held: `read` beside others, `upgradeable` beside readers only, `write` alone. */
export type ReaderWriterMode = 'read' | 'upgradeable' | 'write';

/** One hold of a reader-writer lock. Its mode changes by `upgrade`, `tryUpgrade` and `downgrade`, one after the other. */
export class ReaderWriterHandle extends LockHandle {
  readonly #hold: Hold;
  readonly #world: LockSurroundings;

  /** Handles are made by the acquire calls of a reader-writer lock. */
  constructor(hold: Hold, world: LockSurroundings) {
    super(hold, { logger: world.logger, verify: world.verify, ttlMs: world.engine.ttlMs });
    this.#hold = hold;
    this.#world = world;
  }

  override get kind(): 'reader-writer' {
    return 'reader-writer';
  }

  /** As of now: a downgrade shows at the call, an upgrade once it is granted. */
  get mode(): ReaderWriterMode {
    return this.#hold.mode === 'R' ? 'read' : this.#hold.mode === 'U' ? 'upgradeable' : 'write';
  }

  /**
   * Makes a write lock of an upgradeable read lock: waits, ahead of all others, until the readers have left. Resolves
   * once it is granted, with a new `fencingToken`: what was written under the old one must not pass any more. Rejects
   * with a `TimeoutError` or `CancelledError` as `acquire` does, and then the lock is still held as upgradeable read;
   * with `NOT_HELD` unless the mode is `upgradeable`; with a `LockLostError` if the lock is not held any more.
   */
  async upgrade(options?: AcquireOptions): Promise<void> {
    const { timeout, signal } = checkUpgradeOptions(options);
    const waits = timeout !== 0;
    if (await this.#upgrade({ to: 'W', waits, limitMs: waits ? timeout : this.#world.engine.ttlMs }, signal)) return;
    throw new TimeoutError(`${this.#shown} has other readers, and no time was given to wait`);
  }

  /** One attempt: false when others read, and then nothing has changed. Otherwise as `upgrade`. */
  async tryUpgrade(options?: AcquireOptions): Promise<boolean> {
    const { timeout, signal } = checkUpgradeOptions(options);
    const limitMs = timeout === undefined || timeout === 0 ? this.#world.engine.ttlMs : timeout;
    return this.#upgrade({ to: 'W', waits: false, limitMs }, signal);
  }

  /**
   * Makes a weaker lock of it, one step down unless `to` says otherwise: from `write` to `upgradeable`, from that to
   * `read`. `mode` tells so at once, and the token stays. Resolves when the cluster has applied it, so that others may
   * have the lock beside this one. Rejects with `NOT_HELD` if it is not stronger, with a `LockLostError` if it is not
   * held any more, and with a `TimeoutError` of outcome `unknown` if nobody confirmed it within a session TTL.
   */
  async downgrade(to: 'upgradeable' | 'read' = this.mode === 'write' ? 'upgradeable' : 'read'): Promise<void> {
    const isWeaker = this.mode === 'write' || (this.mode === 'upgradeable' && to === 'read');
    this.#check(isWeaker && (to === 'read' || to === 'upgradeable'), `cannot be downgraded to ${to}`);
    await this.#convert({ to: to === 'read' ? 'R' : 'U', limitMs: this.#world.engine.ttlMs }, undefined);
  }

  async #upgrade(wish: ConversionWish & { readonly to: 'W' }, signal: AbortSignal | undefined): Promise<boolean> {
    this.#check(this.mode === 'upgradeable', 'cannot be upgraded');
    return this.#convert(wish, signal);
  }

  async #convert(wish: ConversionWish, signal: AbortSignal | undefined): Promise<boolean> {
    const { now } = this.#world;
    const granted = await awaitGrant(
      { shown: () => `the ${wish.to === 'W' ? 'upgrade' : 'downgrade'} of ${this.#shown}`, signal, now },
      (done: (outcome: ConversionOutcome) => void) => this.#hold.convert(wish, done),
      () => true,
    );
    return granted === true;
  }

  #check(isPossible: boolean, text: string): void {
    this.assertHeld();
    if (!isPossible) throw new NotHeldError(`${this.#shown} is held in mode ${this.mode}, and ${text}`);
  }

  get #shown(): string {
    return `lock ${JSON.stringify(this.name)} (token ${this.fencingToken})`;
  }
}

/** Whoever holds the lock upgrades it. */
const checkUpgradeOptions = (options: AcquireOptions | undefined): CheckedOptions => {
  const checked = checkAcquireOptions(options);
  const { owner, reentrant, hold, guard, onQueued, isTransferable } = checked;
  const isBare = owner === undefined && !reentrant && hold === undefined && guard === undefined;
  if (isBare && onQueued === undefined && !isTransferable) return checked;
  throw wrongType('an upgrade takes timeout and signal; all else stays as the hold has it');
};
