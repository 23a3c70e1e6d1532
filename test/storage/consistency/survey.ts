import { damaged } from './damage.ts';
import type { Planned } from './plan.ts';
import type { Specimen } from './specimens.ts';
import { type Verdict, verdictOn } from './verdict.ts';

/** How often each verdict fell on each class, and every violation with what led to it. */
export class Survey {
  readonly violations: string[] = [];
  readonly #counts = new Map<string, Map<Verdict['kind'], number>>();

  /** Does every planned damage to a copy of its own; some at a time, since an open mostly waits. */
  async run(specimen: Specimen, plan: readonly Planned[]): Promise<void> {
    const left = plan.values();
    const worker = async (): Promise<void> => {
      for (const { name, damage } of left) {
        const verdict = await verdictOn(damaged(specimen.image, damage, specimen), specimen);
        this.#count(name, verdict.kind);
        if (verdict.kind !== 'violation') continue;
        this.violations.push(`${specimen.name}; ${name}; ${JSON.stringify(damage)}: ${verdict.what}`);
      }
    };
    await Promise.all([worker(), worker(), worker(), worker()]);
  }

  get total(): number {
    return this.#rows.reduce((sum, [, counts]) => sum + [...counts.values()].reduce((one, other) => one + other, 0), 0);
  }

  /** How often `kind` fell on classes whose name `matches`. */
  count(kind: Verdict['kind'], matches = /./): number {
    return this.#rows.reduce((sum, [name, counts]) => sum + (matches.test(name) ? (counts.get(kind) ?? 0) : 0), 0);
  }

  /** One line a class. */
  get report(): string {
    const lines = this.#rows.map(
      ([name, counts]) => `${name.padEnd(52)} ${[...counts].map(([kind, count]) => `${count} ${kind}`).join(', ')}`,
    );
    return [...lines, `${this.total} damages`].join('\n');
  }

  get #rows(): readonly (readonly [string, ReadonlyMap<Verdict['kind'], number>])[] {
    return [...this.#counts].sort(([one], [other]) => (one < other ? -1 : 1));
  }

  #count(name: string, kind: Verdict['kind']): void {
    const counts = this.#counts.get(name) ?? new Map<Verdict['kind'], number>();
    this.#counts.set(name, counts.set(kind, (counts.get(kind) ?? 0) + 1));
  }
}
