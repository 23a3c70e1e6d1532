/** Writes lines for people, or for programs: never both. */
export const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

export const printJson = (value: unknown): void => print(JSON.stringify(value));

/** For people who look at the terminal; never part of a result. */
export const complain = (text: string): void => {
  process.stderr.write(`holdfast: ${text}\n`);
};

/** How long ago a time of the cluster was, for people: clocks of other machines decide nothing. */
export function ago(wallMs: number): string {
  const seconds = Math.max(0, Math.round((Date.now() - wallMs) / 1_000));
  if (seconds < 120) return `${seconds} s ago`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min ago`;
  return `${Math.round(seconds / 3_600)} h ago`;
}
