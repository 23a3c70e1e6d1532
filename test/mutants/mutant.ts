/** A bug to plant: one place in one source file, and who must notice. */
export interface Mutant {
  /** Short, for tables and the command line. */
  readonly id: string;
  /** The guard that it takes away, as a sentence. */
  readonly guard: string;
  /** From the root of the repository. */
  readonly file: string;
  /** Stands exactly once in the file; `plant` replaces it. */
  readonly find: string;
  readonly plant: string;
  readonly killer: Killer;
}

/** What is needed to plant it. */
export type Place = Pick<Mutant, 'id' | 'file' | 'find' | 'plant'>;

/** Who must notice. */
export interface Killer {
  /** Tests, by file or folder, one of which must fail. */
  readonly tests: readonly string[];
  /** Whole nodes under random faults must find it, too, within so many seeds. */
  readonly seeds?: number;
}
