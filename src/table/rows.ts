import { answerCells } from './answers.ts';
import type { RowCell, RowForm, RowTuple, RowValue } from './changed-rows.ts';
import { homeTuple, layout } from './command-tuple.ts';
import { delayForm } from './delays.ts';
import { FieldError, positive } from './fields.ts';
import { optionCells } from './hold-options.ts';
import type { Claim, Lock } from './lock-row.ts';
import { orderCells } from './order-tuple.ts';
import { nameKey, registerRows } from './register-rows.ts';
import type { NodeRun } from './runs.ts';
import type { AnyAsked, Loss, Request, Session } from './session.ts';
import type { Counters, TableState } from './state.ts';
import { partCells, wishCells } from './wish-tuple.ts';
import { writeCells } from './write-tuple.ts';

/**
 * The persisted rows. Each hold, waiter and answer has a row of its own, so that one change in a queue of ten thousand
 * writes one row. First letters rise in the order in which rows need each other: counters, nodes, sessions, tokens
 * (holds), holds ended by force, names in delay, waiters, executed requests; changed limits come before the holds under them, registers
 * behind these. Numbers have a fixed width, so keys sort as the numbers do.
 */
export const rowLetters = {
  counters: 'm',
  run: 'n',
  limit: 'p',
  register: 'q',
  session: 's',
  hold: 't',
  loss: 'u',
  delay: 'v',
  waiter: 'w',
  request: 'x',
} as const;

/** Of the rows as a whole, in the counters' row; a reader refuses what it does not know. */
export const rowsVersion = 1;

const digits = 14;

/** Fourteen hex digits hold every safe integer. */
export const keyOf = (letter: string, ...numbers: readonly number[]): string =>
  letter + numbers.map((number) => number.toString(16).padStart(digits, '0')).join('');

/** The numbers of a key that `keyOf` wrote; anything else is a `FieldError`. */
export function numbersIn(key: string, count: 1): readonly [number];
export function numbersIn(key: string, count: 2): readonly [number, number];
export function numbersIn(key: string, count: 1 | 2): readonly number[] {
  if (key.length !== 1 + count * digits || !hexKey.test(key)) throw new FieldError('its key is not well formed');
  return count === 1 ? [numberAt(key, 0)] : [numberAt(key, 0), numberAt(key, 1)];
}

const hexKey = /^.[0-9a-f]+$/;

const numberAt = (key: string, place: number): number =>
  positive(Number.parseInt(key.slice(1 + place * digits, 1 + (place + 1) * digits), 16), 'a number in its key');

export const runForm: RowForm<NodeRun> = {
  key: ({ node }) => rowLetters.run + node,
  value: ({ incarnation, run, boot, retired }) => [incarnation, run, boot, [...retired]],
};

export const sessionForm: RowForm<Session> = {
  key: ({ id }) => keyOf(rowLetters.session, id),
  value: ({ nonce, ttlMs, home, label, openedAt, version, mark }) => [
    nonce,
    ttlMs,
    label,
    homeTuple(home),
    openedAt,
    version,
    mark,
  ],
};

export const limitForm: RowForm<Lock> = {
  key: ({ name }) => nameKey(rowLetters.limit, name),
  value: ({ limit }) => [limit],
};

/**
 * How many values a claim's row has; those of a plain exclusive acquire are a layout of their own, and so are those without
 * an owner, and those without options. With options the owner may be null; a bounded hold that has begun says so.
 */
export const claimWidths = { plain: 5, withTerms: 8, withOwner: 10, withOptions: 11, begun: 12 } as const;

function claimValue({ lock, session, sequence, mode, since, terms }: Claim): RowValue {
  const cells: (RowCell | readonly RowCell[])[] = [lock.name, session.id, sequence, mode, since];
  if (terms === undefined) return cells;
  cells.push(terms.permits, terms.limit, terms.upgrades?.token ?? 0);
  const { owner, entries, options } = terms;
  if (options !== undefined) cells.push(owner ?? null, entries, optionCells(options));
  if (terms.hasBegun) cells.push(true);
  if (options === undefined && owner !== undefined) cells.push(owner, entries);
  return cells;
}

export const claimForms: { readonly hold: RowForm<Claim>; readonly waiter: RowForm<Claim> } = {
  hold: { key: ({ token }) => keyOf(rowLetters.hold, token), value: claimValue },
  waiter: { key: ({ arrival }) => keyOf(rowLetters.waiter, arrival), value: claimValue },
};

export const lossForm: RowForm<Loss> = {
  key: ({ token }) => keyOf(rowLetters.loss, token),
  value: ({ session, name, by, isHandedOver }) => [
    session.id,
    name,
    by.session,
    by.actor,
    by.reason,
    ...(isHandedOver ? [true] : []),
  ],
};

export const requestForm: RowForm<Request> = {
  key: ({ session, sequence }) => keyOf(rowLetters.request, session.id, sequence),
  value: (request) => [askedCells(request.asked), answerCells(request.answer)],
};

/** 0 stands for a withdrawn acquire, the other numbers are those of the commands. */
export const withdrawnLayout = 0;

function askedCells(asked: AnyAsked): readonly RowCell[] {
  switch (asked.kind) {
    case 'withdrawn':
      return [withdrawnLayout];
    case 'acquire':
      return [layout.acquire, asked.name, asked.mode, asked.waits];
    case 'acquire-all':
      if (asked.options !== undefined) {
        return [layout.acquireAllWithOptions, asked.waits, ...wishCells({ ...asked, options: asked.options })];
      }
      if (asked.owner === undefined) return [layout.acquireAll, asked.waits, ...partCells(asked.parts)];
      return [layout.acquireAllForOwner, asked.waits, asked.owner, asked.reenters, ...partCells(asked.parts)];
    case 'upgrade':
      return [layout.upgrade, asked.name, asked.token, asked.waits];
    case 'downgrade':
      return [layout.downgrade, asked.name, asked.token, asked.to];
    case 'limit':
      return [layout.limit, asked.name, asked.limit];
    case 'begun':
      return [layout.begun, asked.name, asked.token];
    case 'cancel':
      return [layout.cancel, asked.target];
    case 'release':
      return [layout.release, asked.name, asked.token];
    case 'proclaim':
      return [layout.proclaim, asked.name, asked.token, asked.metadata];
    case 'take-over':
      return [layout.takeOver, asked.name, asked.secret, asked.token ?? null];
    case 'guarded':
      return [layout.guarded, asked.guard.name, asked.guard.token, ...askedCells(asked.request)];
    case 'write':
      return [layout.write, ...writeCells(asked)];
    case 'force-release':
    case 'end-session':
    case 'request-revoke':
    case 'steal':
      return orderCells(asked);
    default:
      return asked satisfies never;
  }
}

export const countersRow = ({ index, time, tokens, arrivals, sessions }: Counters): RowTuple => ({
  key: rowLetters.counters,
  value: [rowsVersion, index, time, tokens, arrivals, sessions],
});

/**
 * Every row of the table, in key order: equal for equal tables, whatever road led there. Costs the whole table, and
 * must be read to its end before the table changes.
 */
export function* canonicalRows(state: TableState): Generator<RowTuple, void> {
  if (state.counters.index > 0) yield countersRow(state.counters);
  const sessions = [...state.sessions.values()];
  const bySequence = (a: Request, b: Request) => a.sequence - b.sequence;
  const holds = [...sessions, state.nobody]
    .flatMap((session) => [...session.holds.values()])
    .sort((a, b) => a.token - b.token);
  const waiters = sessions
    .flatMap((session) => [...session.waiters.values()].flatMap((claim) => claim.terms?.group ?? [claim]))
    .sort((a, b) => a.arrival - b.arrival);
  yield* written(
    runForm,
    [...state.runs.values()].sort((a, b) => (a.node < b.node ? -1 : 1)),
  );
  yield* written(
    limitForm,
    [...state.locks.values()].filter(({ isKept }) => isKept).sort((a, b) => (a.name < b.name ? -1 : 1)),
  );
  yield* registerRows(state.registers);
  yield* written(sessionForm, sessions);
  yield* written(claimForms.hold, holds);
  const losses = sessions.flatMap((session) => [...session.losses.values()]).sort((a, b) => a.token - b.token);
  yield* written(lossForm, losses);
  yield* written(
    delayForm,
    [...state.delayed].sort((a, b) => (a.lock.name < b.lock.name ? -1 : 1)),
  );
  yield* written(claimForms.waiter, waiters);
  for (const { requests } of sessions) yield* written(requestForm, [...requests.values()].sort(bySequence));
}

function* written<T>(form: RowForm<T>, rows: readonly T[]): Generator<RowTuple, void> {
  for (const row of rows) yield { key: form.key(row), value: form.value(row) };
}
