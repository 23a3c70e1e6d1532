/** FNV-1a over 16-bit units, finished so that near seeds share no bits. */
function hash(text: string, basis: number): number {
  let state = basis >>> 0;
  for (let at = 0; at < text.length; at += 1) state = Math.imul(state ^ text.charCodeAt(at), 0x01000193);
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
  return (state ^ (state >>> 16)) >>> 0;
}

/**
 * A named stream of chance (sfc32). Streams of one seed share nothing: a draw more from one shifts no other, so that a
 * change of the workload leaves the faults of a seed where they were.
 */
export class Stream {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number, name: string) {
    const text = `${seed}/${name}`;
    this.#a = hash(text, 0x811c9dc5);
    this.#b = hash(text, 0x9e3779b9);
    this.#c = hash(text, 0x7f4a7c15);
    for (let round = 0; round < 12; round += 1) this.u32();
  }

  /** Uniform over 32 bits. */
  u32(): number {
    const drawn = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + drawn) | 0;
    return drawn >>> 0;
  }

  /** Uniform in [0, 1). */
  unit(): number {
    return this.u32() / 2 ** 32;
  }

  /** Uniform in [min, max). */
  between(min: number, max: number): number {
    return min + (max - min) * this.unit();
  }

  /** A whole number, uniform in [min, max]. */
  int(min: number, max: number): number {
    return min + Math.floor(this.unit() * (max - min + 1));
  }

  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  /** One of `list`, which must not be empty. */
  pick<T>(list: readonly T[]): T {
    const one = list[Math.floor(this.unit() * list.length)];
    if (one === undefined) throw new RangeError('cannot pick from an empty list');
    return one;
  }

  /** Mean `mean`; at most ten times as much, so that no wait outlives a run. */
  exponential(mean: number): number {
    return Math.min(10, -Math.log(1 - this.unit())) * mean;
  }

  /** Spread evenly over the orders of magnitude from `min` to `max`. */
  logUniform(min: number, max: number): number {
    return min * (max / min) ** this.unit();
  }
}
