import { nowMs, sleepUntil } from '../clock.ts';
import { type Cost, costBetween, costOf } from '../processes/cost.ts';
import type { Station } from '../processes/station.ts';
import type { LoadReport, Orders, Window } from '../station/messages.ts';
import type { Round } from './round.ts';

/** Workers at some stations. */
export interface Load {
  readonly workers: ReadonlyMap<Station, number>;
  readonly naming: Orders['load']['naming'];
  readonly name: string;
}

/** What a load came to. */
export interface LoadOutcome {
  readonly seconds: number;
  /** Of the stations with workers. */
  readonly reports: readonly LoadReport[];
  /** The slowest event loop of all stations. */
  readonly loopDelayMs: number;
  /** All processes together; `flushes` are those of the whole disk. */
  readonly cost: Cost;
}

/** More failures than this part of all requests, and the figures would be about something else. */
const troublePartMax = 0.01;

/** Runs a load over one window, with the cost of everything that takes part. */
export async function runLoad(round: Round, load: Load): Promise<LoadOutcome> {
  const { arena, folder } = round;
  const window = windowOf(round);
  const { stations } = arena;
  const asked = Promise.all(
    stations.map((station) =>
      station.ask('load', { ...window, ...load, workers: load.workers.get(station) ?? 0, name: load.name }),
    ),
  );
  const cost = costDuring(window, () => costOf(arena.pids, folder));
  const [reports, spent] = await Promise.all([asked, cost]);
  const working = reports.filter(({ grants }) => grants.length > 0);
  checkTroubles(working);
  return {
    seconds: (window.untilMs - window.fromMs) / 1_000,
    reports: working,
    loopDelayMs: Math.max(...reports.map(({ loopDelayMs }) => loopDelayMs)),
    cost: spent,
  };
}

/** The window of a load that is ordered now. */
export function windowOf({ settings }: Round): Window {
  const fromMs = nowMs() + settings.warmMs;
  return { fromMs, untilMs: fromMs + settings.windowMs };
}

async function costDuring({ fromMs, untilMs }: Window, look: () => Cost): Promise<Cost> {
  await sleepUntil(fromMs);
  const before = look();
  await sleepUntil(untilMs);
  return costBetween(before, look());
}

function checkTroubles(reports: readonly LoadReport[]): void {
  const troubles = reports.reduce((sum, report) => sum + report.troubles, 0);
  const pairs = reports.reduce((sum, report) => sum + report.pairs, 0);
  if (troubles <= pairs * troublePartMax) return;
  const first = reports.find(({ trouble }) => trouble !== undefined)?.trouble;
  throw new Error(`${troubles} requests failed while ${pairs} pairs were done; the first: ${first}`);
}
