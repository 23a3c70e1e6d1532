/** A checker's work grows with the operations and, much more, with the unknown outcomes of one name. */
const operationsMax = 8_000;
const unknownsMax = 40;

interface Name {
  readonly name: string;
  operations: number;
  unknowns: number;
}

/** Names of the locks in use: a few at a time, each replaced before its history becomes too long. */
export class LockNames {
  readonly #used: Map<string, Name> = new Map();
  readonly #current: Name[];
  readonly #kind: string;

  /** `kind`: how the names begin. */
  constructor(count: number, kind = 'lock') {
    this.#kind = kind;
    this.#current = Array.from({ length: count }, (_, at) => this.#fresh(at));
  }

  /** Every name that was ever given out. */
  get all(): readonly string[] {
    return [...this.#used.keys()];
  }

  /** The name at this place, of `count` places. */
  at(place: number): string {
    const index = place % this.#current.length;
    const current = this.#current[index];
    if (current === undefined) throw new RangeError('there are no names');
    if (current.operations <= operationsMax && current.unknowns <= unknownsMax) return current.name;
    const next = this.#fresh(index);
    this.#current[index] = next;
    return next.name;
  }

  operated(name: string): void {
    const used = this.#used.get(name);
    if (used !== undefined) used.operations += 1;
  }

  unknown(name: string): void {
    const used = this.#used.get(name);
    if (used !== undefined) used.unknowns += 1;
  }

  #fresh(place: number): Name {
    const name = { name: `${this.#kind}-${place + 1}/${this.#used.size + 1}`, operations: 0, unknowns: 0 };
    this.#used.set(name.name, name);
    return name;
  }
}
