import { circleViolations } from './circles.ts';
import { grouped } from './grouped.ts';
import { type History, type LockSettings, type Operation, only, settingsOf } from './history.ts';
import type { Lifetimes } from './lifetimes.ts';
import { isBeside } from './model.ts';
import { acquiresIn, type Grant, grantsOf, partsOf, requestsIn } from './requests.ts';
import { certainHolds, type Span } from './spans.ts';
import type { Violation } from './verdict.ts';
import { wordsOf } from './words.ts';

/** Laws that need no search, and are told best by the two operations that break them. */
export function directViolations(history: History, lifetimes: Lifetimes): readonly Violation[] {
  const grants = grantsOf(history.operations);
  return [
    ...lifetimes.violations,
    ...overlaps(history, lifetimes),
    ...reuse(history, grants),
    ...backwards(history, grants),
    ...foreignReleases(history, grants),
    ...guards(history, grants),
    ...circleViolations(history.operations),
  ];
}

/** Certain holds side by side that may not be. */
function overlaps(history: History, lifetimes: Lifetimes): readonly Violation[] {
  const violations: Violation[] = [];
  for (const [name, spans] of grouped(certainHolds(history, lifetimes), (span) => span.name)) {
    const settings = withHighestLimit(settingsOf(history.meta, name), name, history);
    const byStart = [...spans].sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0));
    let standing: Span[] = [];
    for (const span of byStart) {
      standing = standing.filter(({ until }) => until === undefined || until > span.from);
      standing.push(span);
      const violation = crowdOf(settings, standing, span);
      if (violation !== undefined) violations.push(violation);
    }
  }
  return violations;
}

/** What is certain whatever limit was in force: no more permits than the most that there ever were. */
function withHighestLimit(settings: LockSettings, name: string, { operations }: History): LockSettings {
  if (settings.kind !== 'semaphore') return settings;
  const limits = [
    ...acquiresIn(operations).flatMap((request) =>
      partsOf(request).map((part) => ({ ...part, most: part.limit ?? 0 })),
    ),
    ...only(operations, 'setLimit').map(({ call }) => ({ ...call, most: call.permits })),
  ];
  const most = limits.reduce((max, limit) => (limit.name === name ? Math.max(max, limit.most) : max), settings.permits);
  return { ...settings, permits: most };
}

function crowdOf(settings: LockSettings, standing: readonly Span[], last: Span): Violation | undefined {
  const { name, token } = last;
  const window = (spans: readonly Span[]): readonly string[] => spans.map(({ request }) => wordsOf(request));
  switch (settings.kind) {
    case 'semaphore': {
      const used = standing.reduce((sum, { permits }) => sum + permits, 0);
      if (used <= settings.permits) return undefined;
      const text = `${used} permits were certainly out at ${last.from}, there are ${settings.permits}`;
      return { rule: 'too-many-permits', lock: name, text, window: window(standing) };
    }
    case 'mutex':
    case 'rw': {
      const isRw = settings.kind === 'rw';
      const other = standing.find((span) => span !== last && !(isRw && isBeside(span.mode, last.mode)));
      if (other === undefined) return undefined;
      const text = `tokens ${other.token} and ${token} were certainly held at the same time, at ${last.from}`;
      return { rule: 'two-holders', lock: name, text, window: window([other, last]) };
    }
    default:
      return settings.kind satisfies never;
  }
}

/** First grants of each token; a re-entry or a shared read repeats one lawfully. */
function reuse(history: History, grants: readonly Grant[]): readonly Violation[] {
  const isGlobal = history.meta.tokens === 'global';
  const violations: Violation[] = [];
  const firsts = new Map<string, Grant>();
  for (const grant of grants) {
    const key = isGlobal ? `${grant.token}` : `${grant.token} ${grant.name}`;
    const first = firsts.get(key);
    if (first === undefined) firsts.set(key, grant);
    else if (!mayShare(history, first, grant)) {
      violations.push({
        rule: 'token-reuse',
        lock: grant.name,
        text: `token ${grant.token} was granted twice`,
        window: [wordsOf(first.request), wordsOf(grant.request)],
      });
    }
  }
  return violations;
}

function mayShare({ meta }: History, first: Grant, second: Grant): boolean {
  if (first.name !== second.name) return false;
  const { kind, reentrant, readTokens } = settingsOf(meta, first.name);
  if (kind === 'rw' && readTokens === 'shared' && first.mode === 'r' && second.mode === 'r') return true;
  if (second.reenters && second.owner === first.owner && first.client === second.client) return true;
  return kind !== 'semaphore' && reentrant !== 'no' && first.client === second.client && first.mode === second.mode;
}

/** A grant asked for after another was answered has the higher token. */
function backwards(history: History, grants: readonly Grant[]): readonly Violation[] {
  const isGlobal = history.meta.tokens === 'global';
  const firsts = firstGrants(grants);
  const violations: Violation[] = [];
  for (const group of grouped(firsts, ({ name }) => (isGlobal ? '' : name)).values()) {
    const byAnswer = [...group].sort((a, b) => (a.at < b.at ? -1 : 1));
    let highest: Grant | undefined;
    let highestWrite: Grant | undefined;
    let at = 0;
    for (const grant of group) {
      for (let next = byAnswer[at]; next !== undefined && next.at < grant.from; next = byAnswer[++at]) {
        if (highest === undefined || next.token > highest.token) highest = next;
        if (!isShared(history, next) && (highestWrite === undefined || next.token > highestWrite.token)) {
          highestWrite = next;
        }
      }
      const before = isShared(history, grant) ? highestWrite : highest;
      if (before === undefined || before.token < grant.token || mayShare(history, before, grant)) continue;
      violations.push({
        rule: 'token-backwards',
        lock: grant.name,
        text: `token ${grant.token} was granted after token ${before.token}`,
        window: [wordsOf(before.request), wordsOf(grant.request)],
      });
    }
  }
  return violations;
}

/** Re-entries left out: they give an old token again. */
function firstGrants(grants: readonly Grant[]): readonly Grant[] {
  const seen = new Set<string>();
  return grants.filter(({ name, client, token, mode }) => {
    const key = `${token} ${mode} ${client} ${name}`;
    const isFirst = !seen.has(key);
    seen.add(key);
    return isFirst;
  });
}

function isShared({ meta }: History, { name, mode }: Grant): boolean {
  const { kind, readTokens } = settingsOf(meta, name);
  return kind === 'rw' && readTokens === 'shared' && mode === 'r';
}

function foreignReleases(history: History, grants: readonly Grant[]): readonly Violation[] {
  const owners = grouped(grants, ({ name, token }) => `${token} ${name}`);
  return only(history.operations, 'release').flatMap((release): readonly Violation[] => {
    const { call, outcome } = release;
    const of = owners.get(`${call.token} ${call.name}`) ?? [];
    const [owner] = of;
    if (outcome.kind !== 'ok' || !outcome.result.released || owner === undefined) return [];
    // A reader who never heard of its grant may have been given the same token.
    if (of.some((grant) => grant.client === call.client || isShared(history, grant))) return [];
    const text = `${call.client} released token ${call.token}, which was granted to ${owner.client}`;
    const window = [wordsOf(owner.request), wordsOf(release)];
    return [{ rule: 'foreign-release', lock: call.name, text, window }];
  });
}

/** At the resource: nothing older than what it has seen, nothing by somebody else's token. */
function guards(history: History, grants: readonly Grant[]): readonly Violation[] {
  const accepted = only(history.operations, 'guard').flatMap((write) =>
    write.outcome.kind === 'ok' && write.outcome.result.accepted ? [{ ...write, at: write.outcome.at }] : [],
  );
  const owners = grouped(grants, ({ name, token }) => `${token} ${name}`);
  const askers = grouped(
    requestsIn(history.operations)
      .filter(({ outcome }) => outcome.kind === 'unknown')
      .flatMap((request) => partsOf(request).map(({ name }) => ({ name, request }))),
    ({ name }) => name,
  );
  const violations: Violation[] = [];
  for (const write of accepted) {
    const { name, client, token } = write.call;
    const of = owners.get(`${token} ${name}`) ?? [];
    // Whoever asked and never heard may have been granted any token.
    const mayOwn =
      of.every((grant) => isShared(history, grant)) && of.every((grant) => grant.client !== client)
        ? (askers.get(name) ?? []).some(
            ({ request }) => request.call.client === client && request.invokedAt <= write.at,
          )
        : of.some((grant) => grant.client === client && grant.from <= write.at);
    if (!mayOwn) {
      const text = `${client} wrote with token ${token}, which it had not been granted`;
      const window = [...of.map(({ request }) => wordsOf(request)), wordsOf(write)];
      violations.push({ rule: 'stolen-token', lock: name, text, window });
    }
  }
  return [...violations, ...staleWrites(history, accepted, owners)];
}

type Write = Operation<'guard'> & { readonly at: bigint };

function staleWrites(
  history: History,
  accepted: readonly Write[],
  owners: ReadonlyMap<string, readonly Grant[]>,
): readonly Violation[] {
  const violations: Violation[] = [];
  for (const [name, writes] of grouped(accepted, ({ call }) => call.name)) {
    const { kind } = settingsOf(history.meta, name);
    // One highest token says nothing about permits and readers.
    const counts = ({ call }: Write): boolean =>
      kind === 'mutex' || (kind === 'rw' && owners.get(`${call.token} ${name}`)?.[0]?.mode === 'w');
    const counted = writes.filter(counts);
    const byAnswer = [...counted].sort((a, b) => (a.at < b.at ? -1 : 1));
    let at = 0;
    let highest: Write | undefined;
    for (const write of counted) {
      for (let next = byAnswer[at]; next !== undefined && next.at < write.invokedAt; next = byAnswer[++at]) {
        if (highest === undefined || next.call.token > highest.call.token) highest = next;
      }
      if (highest === undefined || highest.call.token <= write.call.token) continue;
      const text = `a write with token ${write.call.token} was accepted after one with token ${highest.call.token}`;
      violations.push({ rule: 'stale-write', lock: name, text, window: [wordsOf(highest), wordsOf(write)] });
    }
  }
  return violations;
}
