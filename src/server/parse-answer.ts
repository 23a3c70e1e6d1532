import {
  type Answer,
  type CycleStep,
  cycleStepsMax,
  FieldError,
  type HoldTerms,
  termsField,
  tokensToldMax,
} from '../table/index.ts';
import type { Value } from '../transport/index.ts';
import { Fields, MalformedError } from './reading.ts';

const nameCharsMax = 600;
const modes = ['X', 'R', 'U', 'W', 'S'] as const;
const lockKinds = ['exclusive', 'reader-writer', 'semaphore'] as const;

const answerKinds = [
  'queued',
  'granted',
  'busy',
  'cancelled',
  'already-granted',
  'released',
  'not-held',
  'stale',
  'mismatch',
  'session-expired',
  'limit-exceeded',
  'downgraded',
  'limit-changed',
  'wrong-mode',
  'kind-mismatch',
  'semaphore-limit',
  'deadlock',
  'proclaimed',
  'fenced',
  'written',
  'version-mismatch',
  'queue-full',
  'begun',
  'force-released',
  'session-closed',
  'not-closed',
  'revoke-requested',
] as const;

/** An answer as `serverTuple` wrote it. Throws a `MalformedError`. */
export const readAnswer = (value: Value): Answer => {
  const fields = new Fields(value, 'answer');
  const kind = fields.one(answerKinds);
  switch (kind) {
    case 'granted': {
      const token = fields.count();
      const grantedAt = fields.number();
      return fields.hasMore ? { kind, token, grantedAt, terms: readTerms(fields.value()) } : { kind, token, grantedAt };
    }
    case 'already-granted':
      return { kind, token: fields.count() };
    case 'limit-exceeded': {
      const limit = fields.text(nameCharsMax);
      return { kind, limit, max: fields.count() };
    }
    case 'wrong-mode':
      return { kind, mode: fields.one(modes) };
    case 'kind-mismatch': {
      const name = fields.text(nameCharsMax);
      return { kind, name, is: fields.one(lockKinds) };
    }
    case 'deadlock':
      return { kind, cycle: fields.list(cycleStepsMax).map(readStep) };
    case 'semaphore-limit': {
      const name = fields.text(nameCharsMax);
      return { kind, name, limit: fields.count() };
    }
    case 'fenced':
      return { kind, highest: fields.count() };
    case 'written':
    case 'version-mismatch':
      return { kind, version: fields.count() };
    case 'queue-full': {
      const name = fields.text(nameCharsMax);
      return { kind, name, max: fields.count() };
    }
    case 'force-released':
    case 'revoke-requested': {
      const count = fields.count();
      return { kind, count, tokens: fields.list(tokensToldMax).map(readToken) };
    }
    case 'not-closed':
      return { kind, why: fields.one(['unknown', 'own'] as const) };
    default:
      fields.end();
      return { kind };
  }
};

/** The table reads the same from its rows. */
const readTerms = (value: Value): HoldTerms => {
  try {
    return termsField(value, 'the terms of a hold');
  } catch (error) {
    if (error instanceof FieldError) throw new MalformedError(error.message);
    throw error;
  }
};

const readToken = (value: Value): number => new Fields([value], 'tokens').count();

const readStep = (value: Value): CycleStep => {
  const fields = new Fields(value, 'step');
  const owner = fields.optionalText(nameCharsMax);
  const lock = fields.text(nameCharsMax);
  fields.end();
  return { owner: owner ?? null, lock };
};
