import { constants } from 'node:os';
import { runDemo } from './demo/demo.ts';
import { type DemoSummary, summaryText } from './demo/summary.ts';
import { messageFor } from './exit-codes.ts';
import { complain, print, printJson } from './output.ts';

export interface DemoFlags {
  readonly json?: boolean;
  /** How long the workers run. */
  readonly seconds: number;
}

/** Runs the demo and prints its timeline and summary; 0 only if everything held. */
export async function showDemo(flags: DemoFlags): Promise<number> {
  const stop = new AbortController();
  let signalled: NodeJS.Signals | undefined;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      signalled = signal;
      stop.abort();
    });
  }
  let summary: DemoSummary;
  try {
    summary = await runDemo({ runMs: flags.seconds * 1_000, signal: stop.signal, say: print });
  } catch (error) {
    if (signalled !== undefined) return 128 + constants.signals[signalled];
    complain(`the demo did not come to its end: ${messageFor(error)}`);
    return 1;
  }
  print(`\n${summaryText(summary)}`);
  if (flags.json === true) printJson(summary);
  return summary.ok ? 0 : 1;
}
