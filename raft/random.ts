/** Deterministic numbers (sfc32). Serves election jitter only, never anything secret. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** `name` keeps nodes that were given the same seed apart: equal timers split every vote (S15). */
  constructor(seed: number, name: string) {
    let hash = 0x811c9dc5;
    for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
    this.#a = seed | 0;
    this.#b = hash | 0;
    this.#c = 0x9e3779b9 | 0;
    // The first numbers still show the seed.
    for (let round = 0; round < 12; round++) this.next();
  }

  /** In [0, 1), with 32 bits. */
  next(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 0x1_0000_0000;
  }
}
