import type { Mutant } from './mutant.ts';

const table = { tests: ['test/table/proclaim.test.ts'] };

/** Bugs of what a holder proclaims. */
const proclaiming: readonly Mutant[] = [
  {
    id: 'proclaim-elsewhere',
    guard: 'a value is given to the hold of that name alone',
    file: 'src/table/requests.ts',
    find: '    if (hold?.lock.name !== name) return answers.notHeld;\n    this.#locks.label(hold, metadata);',
    plant: '    if (hold === undefined) return answers.notHeld;\n    this.#locks.label(hold, metadata);',
    killer: table,
  },
  {
    id: 'proclaim-unwritten',
    guard: 'a value is part of the next checkpoint',
    file: 'src/table/locks.ts',
    find: 'hold.terms.options, metadata };\n    this.#state.changes.holds.put(hold);\n',
    plant: 'hold.terms.options, metadata };\n',
    killer: table,
  },
  {
    id: 'proclaim-for-all-parts',
    guard: 'a value is that of one hold, also where several came of one request',
    file: 'src/table/locks.ts',
    find: 'hold.terms.options = { ...hold.terms.options, metadata };',
    plant: 'hold.terms.options = Object.assign(hold.terms.options ?? {}, { metadata });',
    killer: table,
  },
  {
    id: 'proclaim-repeated',
    guard: 'the same sequence with another value is another request',
    file: 'src/table/session.ts',
    find: ' && command.metadata === asked.metadata',
    plant: '',
    killer: table,
  },
  {
    id: 'proclaim-unbounded',
    guard: 'a value that is too long, or no text, is refused before it enters the log',
    file: 'src/table/hold-tuple.ts',
    find: "metadata: field.metadata(metadata, 'its metadata'),",
    plant: 'metadata: String(metadata),',
    killer: table,
  },
  {
    id: 'proclaim-told-wrong',
    guard: 'an event of a value is kept whole',
    file: 'src/node/event-slots.ts',
    find: "      case 'released':\n        return this.#putLock(slot, happening, happening.token);",
    plant:
      "      case 'released':\n      case 'proclaimed':\n        return this.#putLock(slot, { ...happening, kind: 'granted' }, happening.token);",
    killer: { tests: ['test/testing/conformance.test.ts'] },
  },
  {
    id: 'proclaims-at-once',
    guard: 'one value at a time is on its way, or a later one could come first',
    file: 'src/proclamations.ts',
    find: 'if (this.#underWay !== undefined || round === undefined) return;',
    plant: 'if (round === undefined) return;',
    killer: { tests: ['test/api/proclamations.test.ts'] },
  },
  {
    id: 'proclaim-surely-not',
    guard: 'what was sent without an answer may be applied',
    file: 'src/proclamations.ts',
    find: '    for (const caller of round.callers) caller.isAsked = true;\n',
    plant: '',
    killer: { tests: ['test/api/proclamations.test.ts'] },
  },
];

const candidacy = { tests: ['test/api/candidacy.test.ts'] };

/** Bugs of those who stand for election. */
const standing: readonly Mutant[] = [
  {
    id: 'resigns-before-the-end',
    guard: 'nobody else is elected while anything of a term still runs',
    file: 'src/candidacy.ts',
    find: '    this.#candidate.leads(hold, (failure) => {',
    plant: '    this.#clock.after(20, () => hold.release(() => {}));\n    this.#candidate.leads(hold, (failure) => {',
    killer: { ...candidacy, seeds: 150 },
  },
  {
    id: 'campaigns-without-rest',
    guard: 'whoever comes and goes rests in between, and longer after failures',
    file: 'src/candidacy.ts',
    find: 'const restMs = this.#failures > 0 ? this.#delayMs : this.#electedAt + this.#delayMs - this.#clock.now();',
    plant: 'const restMs = 1;',
    killer: candidacy,
  },
  {
    id: 'failures-remembered',
    guard: 'a term that went well ends the row of failures',
    file: 'src/candidacy.ts',
    find: '      this.#failures = 0;\n',
    plant: '',
    killer: candidacy,
  },
  {
    id: 'stops-after-the-rest',
    guard: 'who rests ends at once when it is stopped',
    file: 'src/candidacy.ts',
    find: '      this.#rest?.cancel();\n      this.#end();\n',
    plant: '',
    killer: candidacy,
  },
  {
    id: 'campaign-not-given-up',
    guard: 'a campaign is given up when it is stopped',
    file: 'src/candidacy.ts',
    find: "    if (this.#state === 'campaigning') this.#campaign?.giveUp({ kind: 'abort', reason: undefined });\n",
    plant: '',
    killer: candidacy,
  },
  {
    id: 'rests-in-vain',
    guard: 'nobody rests before a campaign that will be refused, because the provider is closed',
    file: 'src/candidacy.ts',
    find: '    if (this.#isHopeless) return this.#ask();\n',
    plant: '',
    killer: candidacy,
  },
  {
    id: 'begins-what-is-lost',
    guard: 'nobody begins to lead who has lost the leadership already',
    file: 'src/term.ts',
    find: 'this.#stop.signal.aborted ? undefined : this.#lead(this.#leadership, this.#stop.signal);',
    plant: 'this.#lead(this.#leadership, this.#stop.signal);',
    killer: { tests: ['test/api/term.test.ts'] },
  },
  {
    id: 'leads-on-when-lost',
    guard: 'whoever leads is told to stop when the leadership is lost',
    file: 'src/term.ts',
    find: "    else signal.addEventListener('abort', lost, { once: true });\n",
    plant: '',
    killer: { tests: ['test/api/term.test.ts'] },
  },
];

const watch = { tests: ['test/api/leader-watch.test.ts'] };

/** Bugs of those who observe. */
const observing: readonly Mutant[] = [
  {
    id: 'observer-asks-anybody',
    guard: 'what an observer is shown is confirmed by a quorum',
    file: 'src/leader-watch.ts',
    find: "consistency: 'linearizable' } as const;",
    plant: "consistency: 'local' } as const;",
    killer: { ...watch, seeds: 150 },
  },
  {
    id: 'observer-goes-back',
    guard: 'an observer does not believe a node that is behind what he saw',
    file: 'src/leader-watch.ts',
    find: 'if (before !== undefined && view.index < before.index) return this.#later(() => this.#look());',
    plant: '',
    killer: watch,
  },
  {
    id: 'observer-misses-the-lost',
    guard: 'an observer looks again when events were lost',
    file: 'src/leader-watch.ts',
    find: "if ('firstIndex' in answer || answer.events.some((event) => this.#concerns(event))) return this.#look();",
    plant:
      "if ('firstIndex' in answer) return this.#listen();\n" +
      '      if (answer.events.some((event) => this.#concerns(event))) return this.#look();',
    killer: watch,
  },
  {
    id: 'observer-gives-up',
    guard: 'an observer survives a cluster that cannot answer',
    file: 'src/leader-watch.ts',
    find: 'if (this.#isPatient && error instanceof LockError && error.retryable) this.#later(again);\n    else ',
    plant: '',
    killer: watch,
  },
  {
    id: 'observer-minds-longer-names',
    guard: 'events of longer names are not looked into',
    file: 'src/leader-watch.ts',
    find: "return 'token' in event && event.name === this.#name;",
    plant: "return 'token' in event;",
    killer: watch,
  },
  {
    id: 'observer-told-again',
    guard: 'an observer is not told what he knows',
    file: 'src/leader-watch.ts',
    find: '      if (before !== undefined && isSame(before, view)) return this.#listen();\n',
    plant: '',
    killer: watch,
  },
];

/** Bugs of elections. */
export const electionMutants: readonly Mutant[] = [...proclaiming, ...standing, ...observing];
