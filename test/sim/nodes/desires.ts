import type { AcquireWish } from '../../../src/acquisition.ts';
import type { HoldOptions, LockKind, Mode, Part } from '../../../src/table/index.ts';
import type { Stream } from '../../../src/testing/index.ts';

/** Permits of every semaphore here. */
export const permitsMax = 3;

/** What somebody would like to hold. */
export type Desire = Pick<AcquireWish, 'name' | 'parts' | 'owner' | 'reenters' | 'options'>;

export const nameAt = (at: number): string => `lock-${at}`;

/** Draws what parties want of locks of several kinds. */
export class Desires {
  readonly #kinds: readonly LockKind[];
  /** Its own, so that runs with exclusive locks alone take the course that they always took. */
  readonly #stream: Stream;
  /** Its own, too: what is said of a hold changes nothing of what is wanted. */
  readonly #options: Stream;

  /** Likewise. */
  readonly #delays: Stream;

  constructor(kinds: readonly LockKind[], streams: Readonly<Record<'desires' | 'options' | 'delays', Stream>>) {
    this.#kinds = kinds;
    this.#stream = streams.desires;
    this.#options = streams.options;
    this.#delays = streams.delays;
  }

  get isPlain(): boolean {
    return this.#kinds.every((kind) => kind === 'exclusive');
  }

  /** Of the lock at `at`, counted from 1; now and then of another one besides, or with options. */
  of(at: number): Desire {
    if (this.isPlain) return { name: nameAt(at) };
    const desire = this.#of(at);
    if (!this.#options.chance(0.5)) return desire;
    return { ...desire, parts: desire.parts ?? [partOf(at, 'X', 1)], options: this.#someOptions() };
  }

  /** How long it is held, of `ms`: a bounded hold now and then past its bound. */
  holdMsOf({ options }: Desire, ms: number): number {
    const bound = options?.holdMsMax;
    return bound !== undefined && this.#options.chance(0.6) ? 2 * bound : ms;
  }

  /** Whether somebody who waits would like to know for how long. */
  get isCurious(): boolean {
    return !this.isPlain && this.#options.chance(0.1);
  }

  #someOptions(): HoldOptions {
    const metadata = this.#options.chance(0.7) ? `metadata ${this.#options.u32()}` : undefined;
    const isShort = metadata === undefined || this.#options.chance(0.3);
    const holdMsMax = this.#options.chance(0.3) ? this.#options.int(1_000, 4_000) : undefined;
    const queueLengthMax = isShort ? this.#options.int(0, 3) : undefined;
    const delayMs = this.#delays.chance(0.4) ? this.#delays.int(100, 3_000) : undefined;
    return { metadata, queueLengthMax, holdMsMax, delayMs };
  }

  #of(at: number): Desire {
    const name = nameAt(at);
    const parts = [this.#part(at)];
    if (this.#kinds.length > 1 && this.#stream.chance(0.15)) {
      const other = this.#part(1 + ((at - 1 + this.#stream.int(1, this.#kinds.length - 1)) % this.#kinds.length));
      parts.push(other);
    }
    if (this.#stream.chance(0.3)) return this.#owned(name, parts, `owner ${this.#stream.u32()}`);
    const isPlain = parts.length === 1 && this.#kindAt(at) === 'exclusive';
    return isPlain ? { name } : { name, parts };
  }

  /** What the owner of that wants besides, while he holds it. */
  besides({ name, parts, owner }: Desire): Desire | undefined {
    if (owner === undefined || !this.#stream.chance(0.6)) return undefined;
    const isSame = parts?.[0]?.mode === 'X' && this.#stream.chance(0.5);
    if (isSame) return { name, parts: parts?.slice(0, 1), owner, reenters: true };
    const at = this.#stream.int(1, this.#kinds.length);
    return this.#owned(nameAt(at), [this.#part(at)], owner);
  }

  #owned(name: string, parts: readonly Part[], owner: string): Desire {
    const reenters = parts.length === 1 && parts[0]?.mode === 'X' && this.#stream.chance(0.5);
    return { name, parts, owner, reenters };
  }

  /** What everybody may have of that lock, one after the other. */
  visitOf(at: number): Desire {
    const kind = this.#kindAt(at);
    const mode: Mode = kind === 'semaphore' ? 'S' : 'W';
    if (kind === 'exclusive') return { name: nameAt(at) };
    return { name: nameAt(at), parts: [partOf(at, mode, permitsMax)] };
  }

  /** What happens to a hold in that mode while it is held. */
  changeOf(mode: Mode): 'upgrade' | 'downgrade' | undefined {
    if (mode === 'U' && this.#stream.chance(0.6)) return 'upgrade';
    return (mode === 'U' || mode === 'W') && this.#stream.chance(0.3) ? 'downgrade' : undefined;
  }

  /** How long somebody waits for an upgrade: for ever, a while, or not at all. */
  upgradeOf(): { readonly to: 'W'; readonly waits: boolean; readonly limitMs: number | undefined } {
    const limitMs = this.#stream.chance(0.6) ? this.#stream.logUniform(1, 3_000) : undefined;
    return { to: 'W', waits: this.#stream.chance(0.8), limitMs };
  }

  /** How far a hold in that mode is downgraded. */
  downgradeOf(mode: Mode): 'U' | 'R' {
    return mode === 'W' && this.#stream.chance(0.5) ? 'U' : 'R';
  }

  #part(at: number): Part {
    const kind = this.#kindAt(at);
    if (kind === 'exclusive') return partOf(at, 'X', 1);
    if (kind === 'semaphore') return partOf(at, 'S', this.#stream.int(1, permitsMax));
    return partOf(at, this.#stream.pick(['R', 'R', 'R', 'U', 'U', 'W'] as const), 1);
  }

  #kindAt(at: number): LockKind {
    return this.#kinds[at - 1] ?? 'exclusive';
  }
}

const partOf = (at: number, mode: Mode, permits: number): Part =>
  mode === 'S'
    ? { name: nameAt(at), mode, permits, limit: permitsMax }
    : { name: nameAt(at), mode, permits: 1, limit: 0 };
