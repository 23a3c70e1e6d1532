import { usageFailure } from './exit-codes.ts';

const unitsMs: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
]);

/** Milliseconds of `250ms`, `5s`, `1.5m`, `2h` or a bare `0`; undefined for anything else. */
export function durationMs(text: string): number | undefined {
  if (/^0+$/.test(text)) return 0;
  const [, amount = '', unit = ''] = /^(\d{1,12}(?:\.\d{1,6})?)(ms|s|m|h)$/.exec(text.trim()) ?? [];
  const unitMs = unitsMs.get(unit);
  return unitMs === undefined ? undefined : Math.round(Number(amount) * unitMs);
}

/** A flag's parser: a number without a unit is refused, since a guess of the unit would be a guess of the promise. */
export function durationFlag(flag: string): (text: string) => number {
  return (text) => {
    const ms = durationMs(text);
    if (ms === undefined) throw usageFailure(`${flag}: expected a duration such as 250ms, 5s, 2m or 1h, got "${text}"`);
    return ms;
  };
}

/** `1.2 s`, `340 ms`: for people. */
export const spoken = (ms: number): string => (ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`);
