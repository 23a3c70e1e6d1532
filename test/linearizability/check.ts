import { bindingsOf, type Sight } from './bindings.ts';
import { countsOf, type Gates, shortfallsOf } from './counts.ts';
import { directViolations } from './direct.ts';
import { type GroupSettings, lockIn } from './group.ts';
import { groupsIn } from './groups.ts';
import { type History, namesIn, type Operation, settingsOf } from './history.ts';
import { lifetimesOf } from './lifetimes.ts';
import type { Hold } from './model.ts';
import { parseHistory } from './parse.ts';
import { type Circumstances, type Placed, planOf, type Step } from './plan.ts';
import { grantsOf } from './requests.ts';
import { type Stuck, search } from './search.ts';
import type { Judgement, LockVerdict, Rule, Verdict, Violation } from './verdict.ts';
import { wordsOf } from './words.ts';

/** How a run is judged. */
export interface CheckOptions {
  /** Absent: a run of nothing at all passes. */
  readonly gates?: Gates;
  /** States that the search for one lock may look at; 1,000,000 if absent. Beyond them nothing is known. */
  readonly budget?: number;
}

const budgetDefault = 1_000_000;

/**
 * Judges a recorded run: its text, its lines, or what `parseHistory` made of them. Throws a `HistoryFormatError` for
 * what has not the form of version 1.
 */
export function checkHistory(source: string | Iterable<string> | History, options: CheckOptions = {}): Verdict {
  const history = typeof source === 'object' && 'meta' in source ? source : parseHistory(source);
  const lifetimes = lifetimesOf(history);
  const direct = directViolations(history, lifetimes);
  const violations = [...direct];
  const perLock = new Map<string, LockVerdict>();
  const settings: GroupSettings = {
    of: (name) => settingsOf(history.meta, name),
    isGlobal: history.meta.tokens === 'global',
  };
  const around = { settings, lifetimes, isFleeting: history.meta.sessions === 'any' };
  for (const { names, operations } of groupsIn(history.operations)) {
    const isBroken = direct.some(({ lock }) => lock !== undefined && names.includes(lock));
    const found = isBroken ? broken : judge(operations, { ...around, budget: options.budget ?? budgetDefault });
    for (const name of names) {
      perLock.set(name, { verdict: found.verdict, operations: operations.length, states: found.states });
    }
    if (found.violation !== undefined) violations.push(found.violation);
  }
  return summary({ history, violations, perLock, gates: options.gates ?? {} });
}

interface Found {
  readonly verdict: Judgement;
  readonly states: number;
  readonly violation?: Violation | undefined;
}

const broken: Found = { verdict: 'violation', states: 0 };

/** One group of locks by search, for each way in which requests of unknown outcome may have got the tokens that were seen. */
function judge(all: readonly Operation[], around: Omit<Circumstances, 'binding'> & { readonly budget: number }): Found {
  const operations = all.filter(({ outcome }) => outcome.kind !== 'fail');
  const possible = bindingsOf(operations);
  if (possible.kind === 'phantom') return { ...broken, violation: phantom(possible.sight) };
  let states = 0;
  let stuck: Stuck | undefined;
  for (const binding of possible.bindings) {
    const finding = search(planOf(operations, { ...around, binding }), around.budget - states);
    // Every attempt costs something, or endless ways would never use up the budget.
    states += finding.states + 1;
    if (finding.kind === 'order') return { verdict: 'linearizable', states };
    if (finding.kind === 'exhausted' || states >= around.budget) return { verdict: 'unknown', states };
    stuck ??= finding.stuck;
  }
  return { verdict: 'violation', states, violation: stuck && violationOf(stuck, operations) };
}

const phantom = ({ name, client, token, by }: Sight): Violation => ({
  rule: 'phantom-holder',
  lock: name,
  text: `${client} was seen with token ${token}, but no request of it can have been granted that`,
  window: [wordsOf(by)],
});

function summary(found: {
  readonly history: History;
  readonly violations: readonly Violation[];
  readonly perLock: ReadonlyMap<string, LockVerdict>;
  readonly gates: Gates;
}): Verdict {
  const { history, violations, perLock, gates } = found;
  const counts = countsOf(history);
  const undecided = [...perLock].filter(([, { verdict }]) => verdict === 'unknown').map(([name]) => name);
  const shortfalls = [
    ...shortfallsOf(counts, gates),
    ...(undecided.length === 0 ? [] : [`the search came to no end for ${undecided.join(', ')}`]),
  ];
  const verdict: Judgement = violations.length > 0 ? 'violation' : shortfalls.length > 0 ? 'unknown' : 'linearizable';
  return { verdict, passed: verdict === 'linearizable', violations, shortfalls, counts, perLock };
}

const rules: Readonly<Record<Step['kind'], Rule>> = {
  grant: 'grant',
  refused: 'refusal',
  release: 'release',
  absent: 'release',
  present: 'validate',
  read: 'read',
  convert: 'conversion',
  weaken: 'conversion',
  accompanied: 'conversion',
  limit: 'semaphore-limit',
  misled: 'semaphore-limit',
  circle: 'deadlock',
  clear: 'grant',
  death: 'session',
};

function violationOf({ state, next }: Stuck, operations: readonly Operation[]): Violation {
  const [blocked] = next;
  const rule = blocked === undefined ? 'grant' : ruleOf(blocked);
  const what = blocked?.operation === undefined ? 'the end of a session' : wordsOf(blocked.operation);
  const names = blocked?.operation === undefined ? [...state.locks.keys()] : namesIn(blocked.operation);
  const holds = names.flatMap((name) => lockIn(state, name).holds.map((hold) => ({ name, hold })));
  const held = holds.length === 0 ? 'nobody holds it' : `held by ${holds.map(({ hold }) => shown(hold)).join(', ')}`;
  const last = Math.max(-1, ...names.map((name) => lockIn(state, name).last));
  const above = last < 0 ? '' : `, highest token ${last}`;
  const granters = operations.filter((operation) => holds.some((each) => isGrantOf(operation, each)));
  const window = [...new Set([...granters, ...next.flatMap(({ operation }) => operation ?? [])])];
  window.sort((a, b) => (a.invokedAt < b.invokedAt ? -1 : 1));
  return {
    rule,
    lock: names[0],
    text: `no order of events allows ${what}; at best ${held}${above}`,
    window: window.map(wordsOf),
  };
}

function ruleOf({ step, operation }: Placed): Rule {
  if (operation?.f === 'validate') return 'validate';
  return operation?.f === 'upgrade' || operation?.f === 'downgrade' ? 'conversion' : rules[step.kind];
}

const shown = ({ client, token, count, mode }: Hold): string =>
  `${client} token ${token ?? 'unknown'}${mode === 'u' ? ' upgradeable' : ''}${count === 1 ? '' : ` x${count}`}`;

const isGrantOf = (operation: Operation, { name, hold }: { readonly name: string; readonly hold: Hold }): boolean =>
  grantsOf([operation]).some(
    (grant) => grant.name === name && grant.client === hold.client && grant.token === hold.token,
  );
