import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Copy } from '../mutants/copy.ts';
import type { RunOptions } from './course.ts';
import type { VisibleMutant } from './mutants.ts';
import { run } from './run.ts';

/** What became of a planted bug. */
export interface Fate {
  readonly mutant: VisibleMutant;
  /** What was wrong first; undefined if nothing was. */
  readonly caughtBy: string | undefined;
  readonly rounds: number;
  /** Of all rounds together, without building. */
  readonly seconds: number;
}

/** Runs against a copy of the repository, which gets one bug after the other. */
export class Mutation implements AsyncDisposable {
  readonly #copy: Copy;
  readonly #options: Omit<RunOptions, 'root'>;
  readonly #roundsMax: number;

  private constructor(copy: Copy, options: Omit<RunOptions, 'root'>, roundsMax: number) {
    this.#copy = copy;
    this.#options = options;
    this.#roundsMax = roundsMax;
  }

  static async of(root: string, options: Omit<RunOptions, 'root'>, roundsMax: number): Promise<Mutation> {
    return new Mutation(await Copy.of(root), options, roundsMax);
  }

  /** Without a bug a run of the same kind must find nothing, or what it finds later proves nothing. */
  async checkSound(): Promise<void> {
    const { problems } = await this.#round(0);
    const [first] = problems;
    if (first !== undefined) throw new Error(`without any mutant: ${first.kind}, ${first.text}`);
  }

  /** Plants the bug, builds, and runs until it is caught or the rounds are used up. */
  async fateOf(mutant: VisibleMutant): Promise<Fate> {
    return await this.#copy.with(mutant, async () => {
      await this.#build();
      const startedAt = performance.now();
      const secondsSince = (): number => (performance.now() - startedAt) / 1_000;
      for (let round = 1; round <= this.#roundsMax; round += 1) {
        const { problems } = await this.#round(round);
        const [first] = problems;
        if (first === undefined) continue;
        return { mutant, caughtBy: `${first.kind}: ${first.text}`, rounds: round, seconds: secondsSince() };
      }
      return { mutant, caughtBy: undefined, rounds: this.#roundsMax, seconds: secondsSince() };
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#copy[Symbol.asyncDispose]();
  }

  async #round(round: number): ReturnType<typeof run> {
    const { seed } = this.#options;
    return await run({ ...this.#options, root: this.#copy.path, seed: seed + round });
  }

  async #build(): Promise<void> {
    const { path } = this.#copy;
    await promisify(execFile)(process.execPath, [join(path, 'node_modules/typescript/bin/tsc'), '-b'], { cwd: path });
  }
}

/** One line of the table. */
export function fateText({ mutant, caughtBy, rounds, seconds }: Fate): string {
  const fate = caughtBy === undefined ? 'LIVES ' : 'caught';
  const head = `${fate} ${mutant.id.padEnd(24)} ${seconds.toFixed(1).padStart(6)} s ${String(rounds).padStart(3)} round(s)`;
  return `${head}  ${caughtBy ?? mutant.guard}`;
}
