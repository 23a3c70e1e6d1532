import type { RowCell } from './changed-rows.ts';
import type { Answer, CycleStep, HoldTerms, LockKind, Mode } from './command.ts';
import * as field from './fields.ts';
import { FieldError } from './fields.ts';
import { optionCells, optionsField } from './hold-options.ts';
import { cycleStepsMax, type LimitName, tokensToldMax } from './limits.ts';
import { kindField, modeField } from './modes.ts';

/** Answers without a value of their own, made once. */
export const queued: Answer = { kind: 'queued' };
export const busy: Answer = { kind: 'busy' };
export const cancelled: Answer = { kind: 'cancelled' };
export const released: Answer = { kind: 'released' };
export const notHeld: Answer = { kind: 'not-held' };
export const stale: Answer = { kind: 'stale' };
export const mismatch: Answer = { kind: 'mismatch' };
export const sessionExpired: Answer = { kind: 'session-expired' };
export const downgraded: Answer = { kind: 'downgraded' };
export const begun: Answer = { kind: 'begun' };
export const limitChanged: Answer = { kind: 'limit-changed' };
export const proclaimed: Answer = { kind: 'proclaimed' };
export const sessionClosed: Answer = { kind: 'session-closed' };

export const notClosed = (why: 'unknown' | 'own'): Answer => ({ kind: 'not-closed', why });

/** Of those holds, all of which are counted and the first of which are told. */
export const ofHolds = (kind: 'force-released' | 'revoke-requested', tokens: readonly number[]): Answer => ({
  kind,
  count: tokens.length,
  tokens: tokens.slice(0, tokensToldMax),
});

export const exceeded = (limit: LimitName, max: number): Answer => ({ kind: 'limit-exceeded', limit, max });

export const wrongMode = (mode: Mode): Answer => ({ kind: 'wrong-mode', mode });

export const kindMismatch = (name: string, is: LockKind): Answer => ({ kind: 'kind-mismatch', name, is });

export const semaphoreLimit = (name: string, limit: number): Answer => ({ kind: 'semaphore-limit', name, limit });

/** `highest`: the token that stands in the way; 0 if it is the guard itself that is not held. */
export const fenced = (highest: number): Answer => ({ kind: 'fenced', highest });

export const written = (version: number): Answer => ({ kind: 'written', version });

export const versionMismatch = (version: number): Answer => ({ kind: 'version-mismatch', version });

export const queueFull = (name: string, max: number): Answer => ({ kind: 'queue-full', name, max });

export const deadlock = (cycle: readonly CycleStep[]): Answer => ({
  kind: 'deadlock',
  cycle: cycle.slice(0, cycleStepsMax),
});

/** Layout numbers, for ever: they stand in checkpoints. */
const plain: readonly (readonly [number, Answer])[] = [
  [1, queued],
  [3, busy],
  [4, cancelled],
  [6, released],
  [7, notHeld],
  [8, stale],
  [9, mismatch],
  [10, sessionExpired],
  [15, downgraded],
  [16, limitChanged],
  [35, proclaimed],
  [19, begun],
  [26, sessionClosed],
];

const layout = {
  granted: 2,
  takenOver: 20,
  alreadyGranted: 5,
  limitExceeded: 11,
  wrongMode: 12,
  kindMismatch: 13,
  semaphoreLimit: 14,
  deadlock: 17,
  fenced: 45,
  written: 46,
  versionMismatch: 47,
  queueFull: 18,
  forceReleased: 25,
  notClosed: 27,
  revokeRequested: 28,
} as const;

const numbers: ReadonlyMap<string, number> = new Map(plain.map(([number, { kind }]) => [kind, number]));

const answers: ReadonlyMap<unknown, Answer> = new Map(plain);

/** An answer as it stands in a row. */
export function answerCells(answer: Answer): readonly RowCell[] {
  switch (answer.kind) {
    case 'granted': {
      const { token, grantedAt, terms } = answer;
      if (terms === undefined) return [layout.granted, token, grantedAt];
      return [layout.takenOver, token, grantedAt, ...termsCells(terms)];
    }
    case 'already-granted':
      return [layout.alreadyGranted, answer.token];
    case 'limit-exceeded':
      return [layout.limitExceeded, answer.limit, answer.max];
    case 'wrong-mode':
      return [layout.wrongMode, answer.mode];
    case 'kind-mismatch':
      return [layout.kindMismatch, answer.name, answer.is];
    case 'deadlock':
      return [layout.deadlock, ...answer.cycle.flatMap(({ owner, lock }) => [owner, lock])];
    case 'semaphore-limit':
      return [layout.semaphoreLimit, answer.name, answer.limit];
    case 'fenced':
      return [layout.fenced, answer.highest];
    case 'written':
      return [layout.written, answer.version];
    case 'version-mismatch':
      return [layout.versionMismatch, answer.version];
    case 'queue-full':
      return [layout.queueFull, answer.name, answer.max];
    case 'force-released':
      return [layout.forceReleased, answer.count, ...answer.tokens];
    case 'revoke-requested':
      return [layout.revokeRequested, answer.count, ...answer.tokens];
    case 'not-closed':
      return [layout.notClosed, answer.why];
    default:
      return [numbers.get(answer.kind) ?? 0];
  }
}

export const answerField: field.Field<Answer> = (value, what) => {
  const cells = field.tuple(value, what);
  switch (cells[0]) {
    case layout.granted:
      return grantField(cells, what);
    case layout.takenOver:
      return { ...grantField(cells.slice(0, 3), what), terms: termsField(cells.slice(3), 'its terms') };
    case layout.alreadyGranted: {
      const [, token] = field.tupleOf(cells, what, 2);
      return { kind: 'already-granted', token: field.positive(token, 'its token') };
    }
    case layout.limitExceeded: {
      const [, limit, max] = field.tupleOf(cells, what, 3);
      return { kind: 'limit-exceeded', limit: field.label(limit, 'its limit'), max: field.nonNegative(max, 'its max') };
    }
    case layout.wrongMode: {
      const [, mode] = field.tupleOf(cells, what, 2);
      return { kind: 'wrong-mode', mode: modeField(mode, 'its mode') };
    }
    case layout.kindMismatch: {
      const [, name, is] = field.tupleOf(cells, what, 3);
      return { kind: 'kind-mismatch', name: field.lockName(name, 'its name'), is: kindField(is, 'its kind') };
    }
    case layout.deadlock:
      return { kind: 'deadlock', cycle: cycleField(cells.slice(1), 'its cycle') };
    case layout.semaphoreLimit: {
      const [, name, limit] = field.tupleOf(cells, what, 3);
      return semaphoreLimit(field.lockName(name, 'its name'), field.positive(limit, 'its limit'));
    }
    case layout.queueFull: {
      const [, name, max] = field.tupleOf(cells, what, 3);
      return { kind: 'queue-full', name: field.lockName(name, 'its name'), max: field.nonNegative(max, 'its max') };
    }
    case layout.fenced:
      return fenced(countField(cells, what));
    case layout.written:
      return written(countField(cells, what));
    case layout.versionMismatch:
      return versionMismatch(countField(cells, what));
    case layout.forceReleased:
      return { kind: 'force-released', ...heldField(cells.slice(1), what) };
    case layout.revokeRequested:
      return { kind: 'revoke-requested', ...heldField(cells.slice(1), what) };
    case layout.notClosed:
      return notClosed(whyField(cells, what));
    default: {
      const answer = answers.get(cells[0]);
      if (answer === undefined || cells.length !== 1) {
        throw new FieldError(`${what} is of kind ${field.shown(cells[0])}, which is no answer's`);
      }
      return answer;
    }
  }
};

const grantField: field.Field<Answer & { readonly kind: 'granted' }> = (cells, what) => {
  const [, token, grantedAt] = field.tupleOf(cells, what, 3);
  return {
    kind: 'granted',
    token: field.positive(token, 'its token'),
    grantedAt: field.nonNegative(grantedAt, 'its time'),
  };
};

/** What a hold that was taken over is: read back by `termsField`. */
export const termsCells = ({ mode, permits, owner, options }: HoldTerms): readonly RowCell[] => [
  mode,
  permits,
  owner ?? null,
  ...optionCells(options),
];

export const termsField: field.Field<HoldTerms> = (value, what) => {
  const [mode, permits, owner, ...options] = field.tuple(value, what);
  return {
    mode: modeField(mode, 'its mode'),
    permits: field.permits(permits, 'its permits'),
    owner: owner === null ? undefined : field.owner(owner, 'its owner'),
    options: optionsField(options, 'its options'),
  };
};

/** The one number behind the kind. */
const countField: field.Field<number> = (cells, what) => field.nonNegative(field.tupleOf(cells, what, 2)[1], what);

const whyField: field.Field<'unknown' | 'own'> = (cells, what) => {
  const [, why] = field.tupleOf(cells, what, 2);
  if (why !== 'unknown' && why !== 'own') throw new FieldError(`its why is ${field.shown(why)}`);
  return why;
};

const heldField: field.Field<{ readonly count: number; readonly tokens: readonly number[] }> = (value, what) => {
  const [count, ...tokens] = field.tuple(value, what);
  const read = field.positive(count, 'its count');
  if (tokens.length !== Math.min(read, tokensToldMax)) {
    throw new FieldError(`${what} has ${tokens.length} tokens of ${read} holds, expected up to ${tokensToldMax}`);
  }
  return { count: read, tokens: tokens.map((token) => field.positive(token, 'a token')) };
};

const cycleField: field.Field<readonly CycleStep[]> = (value, what) => {
  const cells = field.tuple(value, what);
  const steps = cells.length / 2;
  if (!Number.isInteger(steps) || steps < 1 || steps > cycleStepsMax) {
    throw new FieldError(`${what} has ${cells.length} values, expected 2 for each of 1 to ${cycleStepsMax} steps`);
  }
  return Array.from({ length: steps }, (_, at) => {
    const [owner, lock] = [cells[2 * at], cells[2 * at + 1]];
    return { owner: owner === null ? null : field.owner(owner, 'an owner'), lock: field.lockName(lock, 'a lock') };
  });
};
