/** The law was broken: by the core, or by a bug that was planted to see whether anybody notices. */
export class Violation extends Error {
  override readonly name = 'Violation';
  /** As TESTING.md numbers them, for instance `I4`; `L` rules belong to the liveness phase. */
  readonly rule: string;

  constructor(rule: string, message: string) {
    super(`${rule}: ${message}`);
    this.rule = rule;
  }
}

/** Throws unless `holds`. `message` is only asked for when it is needed. */
export function require(holds: boolean, rule: string, message: () => string): asserts holds {
  if (!holds) throw new Violation(rule, message());
}
