/** What the locks protect: refuses whoever comes with a lower token than it has seen. Lives in the harness. */
export class Guarded {
  readonly #highest: Map<string, number> = new Map();

  /** Whether a write under this token is let in. */
  write(name: string, token: number): boolean {
    if (token < (this.#highest.get(name) ?? 0)) return false;
    this.#highest.set(name, token);
    return true;
  }
}
