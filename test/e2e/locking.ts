import { ticking } from './guarded.ts';
import type { Cli } from './serving.ts';
import { until } from './waiting.ts';

/** The command of `holdfast lock`, as its output tells. */
export const processOf = async (cli: Cli): Promise<number> =>
  await until('the command', () => {
    const [first] = cli.out;
    return first !== undefined && Number(JSON.parse(first).pid);
  });

/** When the command last ran, by the clock of this host. */
export const lastTickOf = (cli: Cli): number =>
  Math.max(...cli.out.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line).at ?? 0));

/** A command that prints its process and then the time again and again, and ignores the signals named. */
export const tickingArgs = (...words: readonly string[]): readonly string[] => {
  const { command, args } = ticking(...words);
  return ['--', command, ...args];
};
