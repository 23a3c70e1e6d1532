import { grouped } from './grouped.ts';
import type { History, Operation } from './history.ts';
import { outcomesIn } from './outcomes.ts';
import { type Acquire, acquiresIn, grantsOf, partsOf, tokenOf } from './requests.ts';
import { certainHolds, type Span } from './spans.ts';

/** What a run consists of. */
export interface Counts {
  readonly operations: number;
  readonly ok: number;
  readonly fail: number;
  readonly unknown: number;
  /** Requests that were granted. */
  readonly acquires: number;
  /** Requests that were refused as held, or open while another client certainly held the lock. */
  readonly contended: number;
  /** Grants that followed, in the order of tokens, that of another client. */
  readonly handovers: number;
  /** Grants asked for after the last mark `healed`. */
  readonly recovered: number;
  /** How often what was asked for came to what, in words such as `upgrade granted`. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Faults that began, by kind. */
  readonly faults: Readonly<Record<string, number>>;
}

/** Below these a run proves nothing and does not pass. */
export interface Gates {
  readonly acquires?: number;
  readonly contended?: number;
  readonly faults?: number;
  /** Grants that were asked for after the last mark `healed`. */
  readonly recovery?: number;
}

export function countsOf(history: History): Counts {
  const { operations } = history;
  const of = (kind: Operation['outcome']['kind']): number =>
    operations.filter(({ outcome }) => outcome.kind === kind).length;
  const requests = acquiresIn(operations);
  const granted = requests.filter((request) => tokenOf(request) !== undefined);
  const healedAt = history.marks.filter(({ mark }) => mark === 'healed').at(-1)?.at;
  return {
    operations: operations.length,
    ok: of('ok'),
    fail: of('fail'),
    unknown: of('unknown'),
    acquires: granted.length,
    contended: contended(history, requests),
    handovers: handovers(granted),
    outcomes: outcomesIn(operations),
    recovered: healedAt === undefined ? 0 : granted.filter(({ invokedAt }) => invokedAt >= healedAt).length,
    faults: faultsOf(history),
  };
}

/** The sentences that say which gates a run misses. */
export function shortfallsOf(counts: Counts, gates: Gates): readonly string[] {
  const faults = Object.values(counts.faults).reduce((sum, each) => sum + each, 0);
  const below = (what: string, is: number, least: number | undefined): readonly string[] =>
    least === undefined || is >= least
      ? []
      : [`${is} ${what}, at least ${least} are needed for the run to prove anything`];
  return [
    ...below('grants', counts.acquires, gates.acquires),
    ...below('contended requests', counts.contended, gates.contended),
    ...below('faults', faults, gates.faults),
    ...below('grants after the last healing', counts.recovered, gates.recovery),
  ];
}

function contended(history: History, requests: readonly Acquire[]): number {
  const spans = new Map(
    [...grouped(certainHolds(history), ({ name }) => name)].map(([name, held]) => [name, new Timeline(held)]),
  );
  return requests.filter((request) => {
    const { outcome, call, invokedAt } = request;
    if (outcome.kind === 'fail') return false;
    if (outcome.kind === 'ok' && !outcome.result.granted && outcome.result.reason === 'held') return true;
    const until = outcome.kind === 'ok' ? outcome.at : undefined;
    return partsOf(request).some(
      ({ name }) => spans.get(name)?.isHeldByOther({ client: call.client, from: invokedAt, until }) === true,
    );
  }).length;
}

/** Spans in the order of their beginnings, each with the latest end of all up to it. */
class Timeline {
  readonly #spans: readonly Span[];
  readonly #ends: readonly (bigint | undefined)[];

  constructor(spans: readonly Span[]) {
    this.#spans = [...spans].sort((a, b) => (a.from < b.from ? -1 : 1));
    let latest: bigint | undefined = -1n;
    this.#ends = this.#spans.map(({ until }) => {
      if (latest !== undefined && (until === undefined || until > latest)) latest = until;
      return latest;
    });
  }

  isHeldByOther(call: { readonly client: string; readonly from: bigint; readonly until: bigint | undefined }): boolean {
    for (let at = this.#firstFrom(call.until) - 1; at >= 0; at -= 1) {
      const end = this.#ends[at];
      if (end !== undefined && end <= call.from) return false;
      const span = this.#spans[at];
      if (span !== undefined && span.client !== call.client && (span.until === undefined || span.until > call.from)) {
        return true;
      }
    }
    return false;
  }

  #firstFrom(time: bigint | undefined): number {
    if (time === undefined) return this.#spans.length;
    let low = 0;
    let high = this.#spans.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const span = this.#spans[middle];
      if (span !== undefined && span.from < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function handovers(granted: readonly Acquire[]): number {
  let count = 0;
  for (const grants of grouped(grantsOf(granted), ({ name }) => name).values()) {
    const byToken = [...grants].sort((a, b) => a.token - b.token);
    byToken.forEach((grant, at) => {
      const before = byToken[at - 1];
      if (before !== undefined && before.client !== grant.client) count += 1;
    });
  }
  return count;
}

function faultsOf({ nemeses }: History): Readonly<Record<string, number>> {
  const faults: Record<string, number> = {};
  for (const { f, phase } of nemeses) if (phase !== 'stop' && phase !== 'end') faults[f] = (faults[f] ?? 0) + 1;
  return faults;
}
