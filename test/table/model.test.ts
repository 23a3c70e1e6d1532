import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultTableLimits, type HoldOptions, type RowTuple, type TableEvent } from '../../src/table/index.ts';
import { names, registerNames } from './choices.ts';
import { Model } from './model.ts';
import type { ModelClaim } from './model-claims.ts';
import { greedyStories, handedStories, type Step, stories } from './stories.ts';
import { Author } from './story.ts';
import { rowsOf, World } from './world.ts';

const tight = {
  holdsPerSessionMax: 2,
  waitersPerSessionMax: 1,
  answersPerSessionMax: 4,
  sessionsMax: 3,
  locksMax: 2,
  stickyMax: 1,
  nodesMax: 2,
  registersMax: 2,
  registerBytesMax: 20,
};

/** Lives one story in both, and gives everything that was said. */
function live(story: readonly Step[], limits: Partial<typeof tight>): readonly TableEvent[] {
  const world = new World(limits);
  const model = new Model({ ...defaultTableLimits, ...limits });
  const author = new Author(model);
  for (const step of story) {
    if (step === 'checkpoint') world.checkpoint();
    else if (step === 'restart') world.restart();
    else if (step === 'install') world.restart(adopted(world));
    else {
      const command = author.write(step);
      expect(world.apply(command, step.stamp)).toEqual(model.apply(step.stamp, command));
    }
  }
  expectSame(world, model);
  world.checkpoint();
  const written = [...world.disk].sort(([a], [b]) => (a < b ? -1 : 1));
  expect(written).toEqual(rowsOf(world.table).map(({ key, value }) => [key, value]));
  return world.events;
}

/** A snapshot in the place of the table and of what is on disk. */
function adopted(world: World): readonly RowTuple[] {
  const rows = rowsOf(world.table);
  world.disk.clear();
  for (const { key, value } of rows) if (value !== undefined) world.disk.set(key, value);
  return rows;
}

interface Shown {
  readonly owner: string | null | undefined;
  readonly metadata?: string | null;
  readonly sticky?: boolean;
  readonly options?: HoldOptions | undefined;
}

const byNumber = ([one]: readonly unknown[], [other]: readonly unknown[]): number => Number(one) - Number(other);

function expectSame({ table }: World, model: Model): void {
  const { views } = table;
  for (const name of names) {
    const seen = views.inspect(name);
    const shown = (one: Pick<ModelClaim, 'session' | 'mode' | 'permits'> & Shown) => [
      one.session,
      one.mode,
      one.permits,
      one.owner ?? null,
      one.metadata ?? one.options?.metadata ?? null,
      one.sticky ?? one.options?.sticky === true,
    ];
    expect(seen?.holders.map((holder) => [holder.token, holder.entries, ...shown(holder)]) ?? []).toEqual(
      model.holdersOf(name).map((claim) => [claim.token, claim.entries, ...shown(claim)]),
    );
    expect(seen?.queue.map((waiter) => [waiter.sequence, ...shown(waiter)]) ?? []).toEqual(
      model.queueOf(name).map((claim) => [claim.sequence, ...shown(claim)]),
    );
    for (let token = 1; token <= model.tokens; token += 1) {
      expect(views.isCurrent({ name, token })).toBe(model.holdersOf(name).some((claim) => claim.token === token));
    }
    for (const waiter of model.queueOf(name)) {
      const places = model.groupOf(waiter).map((part) => 1 + model.queueOf(part.name).indexOf(part));
      expect(views.positionOf(waiter.session, waiter.sequence)).toBe(Math.max(...places));
    }
    expect(seen?.lockDelay ?? null).toBe(model.delays.byName.get(name)?.ms ?? null);
    expect(seen?.kind).toBe(model.kindAt(name));
    if (seen?.kind === 'semaphore') expect(seen.limit).toBe(model.limitOf(name));
  }
  for (const name of registerNames) {
    const { value, version, token } = model.registers.at(name) ?? {};
    expect(views.register(name)).toEqual(value === undefined ? undefined : { value, version, token });
  }
  expect([...views.bounds()].map(({ name, token, holdMsMax }) => [token, name, holdMsMax]).sort(byNumber)).toEqual(
    model.claims
      .filter(({ hasBegun }) => hasBegun)
      .map(({ name, token, options }) => [token, name, options?.holdMsMax])
      .sort(byNumber),
  );
  expect([...views.delays()].map(({ name, token, delayMs }) => [token, name, delayMs]).sort(byNumber)).toEqual(
    [...model.delays.byName].map(([name, { token, ms }]) => [token, name, ms]).sort(byNumber),
  );
  expect([...views.sessionIds()].map((id) => [id, views.session(id)?.version, views.session(id)?.mark])).toEqual(
    model.sessions.map(({ id, version, mark }) => [id, version, mark]),
  );
  for (const { id } of model.sessions) {
    expect(views.takenFrom(id)).toEqual(model.lossesOf(id).map(({ session: _, ...taken }) => taken));
  }
  for (const { session, sequence, answer } of model.answers) {
    expect(views.answerOf(session, sequence)).toEqual(answer);
  }
  expect([views.counts().tokens, table.time]).toEqual([model.tokens, model.time]);
}

/** An event as one word, with what tells it from its like. */
function wordFor(event: TableEvent): string {
  switch (event.kind) {
    case 'answered':
      if (event.answer.kind === 'deadlock') return `deadlock of ${Math.min(event.answer.cycle.length, 3)}`;
      if (event.answer.kind === 'fenced' && event.answer.highest > 0) return 'fenced in the register';
      if (event.answer.kind === 'written' && event.answer.version === 0) return 'deleted';
      if (event.answer.kind === 'granted' && event.answer.terms !== undefined) return 'taken over';
      return event.answer.kind === 'limit-exceeded' ? event.answer.limit : event.answer.kind;
    case 'session-ended':
      return event.by === undefined ? `ended ${event.end}` : 'ended by an operator';
    case 'lost':
      if (event.reason === 'handed-over') return event.session === 0 ? "nobody's handed over" : 'handed over';
      if (event.by !== undefined) return event.session === 0 ? "nobody's lost by force" : 'lost by force';
      return event.reason === undefined ? 'lost' : `lost ${event.reason}`;
    case 'session-refused':
      return `refused ${event.reason}`;
    case 'started':
      return event.isCurrent ? 'started' : 'not started';
    default:
      return event.kind;
  }
}

const everyWord = [
  ...['started', 'not started', 'session-opened', 'refused limit-exceeded', 'refused superseded', 'refused mismatch'],
  ...['ended closed', 'ended expired', 'ended superseded', 'ended unknown', 'granted', 'released', 'lost', 'queued'],
  ...['busy', 'cancelled', 'already-granted', 'not-held', 'stale', 'mismatch', 'session-expired', 'converted'],
  ...['proclaimed', 'downgraded', 'limit-changed', 'wrong-mode', 'kind-mismatch', 'semaphore-limit', 'deadlock of 1'],
  ...['fenced', 'fenced in the register', 'written', 'deleted', 'version-mismatch'],
  ...['queue-full', 'begun', 'lost overdue', 'delayed'],
  ...['orphaned', 'taken over', 'handed over', "nobody's handed over", "nobody's lost by force"],
  ...['ended by an operator', 'lost by force', 'force-released', 'revoke-requested', 'session-closed', 'not-closed'],
];

const everyLimit = [
  ...['holds per session', 'waiters per session', 'answers per session', 'locks'],
  ...['registers', 'bytes of registers', 'sticky holds', 'ms of session TTL under its maxHold'],
];

const everyCycle = ['deadlock of 1', 'deadlock of 2', 'deadlock of 3'];

describe('the table and a naive model of it', () => {
  it('say the same to any commands, whatever restarts and snapshots lie between', () => {
    fc.assert(
      fc.property(stories, (story) => {
        live(story, {});
      }),
      { numRuns: 200 },
    );
  });

  it('say the same of holds that outlive their sessions and change hands', () => {
    fc.assert(
      fc.property(handedStories, fc.boolean(), (story, isTight) => {
        live(story, isTight ? tight : {});
      }),
      { numRuns: 200 },
    );
  });

  it('say the same under tight limits', () => {
    fc.assert(
      fc.property(stories, (story) => {
        live(story, tight);
      }),
      { numRuns: 200 },
    );
  });

  it('are led by the stories to every answer and every limit', () => {
    const told = [stories, handedStories].flatMap((some) => fc.sample(some, { numRuns: 300, seed: 4 }));
    const words = [tight, {}].flatMap((limits) => told.flatMap((story) => live(story, limits).map(wordFor)));

    const count = (word: string) => words.filter((one) => one === word).length;
    expect([...everyWord, ...everyLimit].filter((word) => count(word) < 5)).toEqual([]);
  });

  it('are led to deadlocks of one, of two and of more', () => {
    const told = fc.sample(greedyStories, { numRuns: 200, seed: 5 });
    const words = told.flatMap((story) => live(story, {}).map(wordFor));

    expect(everyCycle.filter((cycle) => words.filter((word) => word === cycle).length < 3)).toEqual([]);
  });
});
