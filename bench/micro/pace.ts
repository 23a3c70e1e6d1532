/** How many turns of `turn` there are in a second, after a third of the time to warm up. */
export function turnsPerSecond(windowMs: number, turn: () => void): number {
  runFor(windowMs / 3, turn);
  const { turns, seconds } = runFor(windowMs, turn);
  return turns / seconds;
}

/** Turns between two looks at the clock. */
const chunk = 16;

function runFor(ms: number, turn: () => void): { readonly turns: number; readonly seconds: number } {
  const startedAt = performance.now();
  let turns = 0;
  let passedMs = 0;
  while (passedMs < ms) {
    for (let each = 0; each < chunk; each += 1) turn();
    turns += chunk;
    passedMs = performance.now() - startedAt;
  }
  return { turns, seconds: passedMs / 1_000 };
}
