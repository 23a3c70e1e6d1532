import { grouped } from './grouped.ts';
import type { LockSettings } from './history.ts';
import {
  bereft,
  cleared,
  dropped,
  fits,
  granted,
  type Hold,
  holdOf,
  type LockState,
  lost,
  ownHold,
  released,
  shows,
  unheld,
  type Want,
} from './model.ts';
import type { Placed, Plan, Step } from './plan.ts';
import { type Frontier, type Progress, start } from './progress.ts';

/** What a search found; `stuck` where it got furthest in vain. */
export type Finding =
  | { readonly kind: 'order'; readonly states: number }
  | { readonly kind: 'none'; readonly states: number; readonly stuck: Stuck }
  | { readonly kind: 'exhausted'; readonly states: number };

/** Nothing of what had to be next was possible. */
export interface Stuck {
  readonly state: LockState;
  /** What could have been next, the most urgent first. */
  readonly next: readonly Placed[];
}

interface Node {
  readonly progress: Progress;
  /** Things that may have happened and, in this order, did: their places in `optional`. */
  readonly used: readonly number[];
  readonly state: LockState;
}

/**
 * Looks for an order of all steps, each at a moment of its call, that the law of the lock allows (Wing and Gong, with
 * the memory of Lowe). Whatever only looks at the lock is placed as soon as it is true: it changes nothing, so an order
 * that has it later has it as well now. What may have happened is tried last, where something has to give way.
 */
export function search(plan: Plan, budget: number): Finding {
  return new Search(plan).run(budget);
}

class Search {
  readonly #plan: Plan;
  readonly #settings: LockSettings;
  readonly #mustDeaths: ReadonlyMap<string, number>;
  readonly #mayDeaths: ReadonlyMap<string, number>;
  /** Ghosts that may stand for one another, those who die first at the front. */
  readonly #ghosts: readonly (readonly number[])[];
  readonly #optional: readonly Placed<Step | Want>[];
  /** Releases that may have happened, by whose hold they end. */
  readonly #releases: ReadonlyMap<string, readonly number[]>;
  /** By what is placed and what is held, what had been used up by then. */
  readonly #seen = new Map<string, (readonly number[])[]>();
  #states = 0;

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#settings = plan.settings;
    const deaths = plan.musts.flatMap(({ step }, at) => (step.kind === 'death' ? [[step.client, at] as const] : []));
    this.#mustDeaths = new Map(deaths);
    const { releases, clears, deaths: mayDeaths, ghosts } = plan;
    this.#optional = [...releases, ...clears, ...mayDeaths, ...ghosts];
    this.#releases = grouped(releases.keys(), (at) => `${releases[at]?.step.token} ${releases[at]?.step.client}`);
    const beforeDeaths = releases.length + clears.length;
    this.#mayDeaths = new Map(mayDeaths.map(({ step }, at) => [step.client, beforeDeaths + at]));
    this.#ghosts = this.#alike(beforeDeaths + mayDeaths.length);
  }

  run(budget: number): Finding {
    const open: Node[] = [{ progress: start, used: [], state: unheld }];
    let stuck: Stuck = { state: unheld, next: [] };
    let furthest = -1;
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      const [settled, frontier] = this.#settle(node);
      if (frontier.next.length === 0) return { kind: 'order', states: this.#states };
      if (this.#isHopeless(settled)) continue;
      if (this.#states >= budget) return { kind: 'exhausted', states: this.#states };
      this.#states += 1;
      if (settled.progress.done > furthest) {
        furthest = settled.progress.done;
        stuck = { state: settled.state, next: this.#byUrgency(frontier) };
      }
      open.push(...this.#successors(settled, frontier).reverse());
    }
    return { kind: 'none', states: this.#states, stuck };
  }

  /**
   * Whether the search stood here before with no more used up: whatever could follow now could follow then. Remembers
   * the node otherwise.
   */
  #isHopeless(node: Node): boolean {
    const key = keyOf(node);
    const before = this.#seen.get(key);
    if (before === undefined) this.#seen.set(key, [node.used]);
    else if (before.some((used) => used.every((at) => node.used.includes(at)))) return true;
    else before.push(node.used);
    return false;
  }

  /** Places whatever is a mere look at the lock and is true now. */
  #settle(node: Node): readonly [Node, Frontier] {
    let { progress } = node;
    for (;;) {
      const frontier = progress.frontier(this.#plan.musts);
      const seen = frontier.next.filter((at) => this.#isTrue(node.state, this.#plan.musts[at]?.step));
      if (seen.length === 0) return [{ ...node, progress }, frontier];
      for (const at of seen) progress = progress.with(at);
    }
  }

  #isTrue(state: LockState, step: Step | undefined): boolean {
    switch (step?.kind) {
      case 'refused':
        return this.#refuses(state, step);
      case 'absent': {
        const hold = holdOf(state, step);
        return hold === undefined || hold.count < (step.permits ?? 1);
      }
      case 'present':
        return holdOf(state, step) !== undefined;
      case 'read':
        return shows(state, step.holders);
      default:
        return false;
    }
  }

  #refuses(state: LockState, want: Want & { readonly isCrowded: boolean }): boolean {
    if (ownHold(this.#settings, state, want) !== undefined) return false;
    return !fits(this.#settings, state, want) || (want.isCrowded && state.holds.length > 0);
  }

  #byUrgency({ next }: Frontier): readonly Placed[] {
    const placed = next.flatMap((at) => this.#plan.musts[at] ?? []);
    return placed.sort((a, b) => a.until - b.until);
  }

  #successors(node: Node, frontier: Frontier): Node[] {
    return [
      ...this.#mustNext(node, frontier),
      ...node.state.holds.flatMap((hold) => this.#lapses(node, hold, frontier.limit)),
      ...this.#mayClear(node, frontier.limit),
      ...this.#mayGrant(node, frontier),
    ];
  }

  #mustNext(node: Node, { next }: Frontier): Node[] {
    const { musts } = this.#plan;
    const byUrgency = [...next].sort((a, b) => (musts[a]?.until ?? 0) - (musts[b]?.until ?? 0));
    return byUrgency.flatMap((at) => {
      const step = musts[at]?.step;
      const state = step === undefined ? undefined : this.#after(node, step);
      return state === undefined ? [] : [this.#node(node, state, { progress: node.progress.with(at) })];
    });
  }

  #after(node: Node, step: Step): LockState | undefined {
    const { state } = node;
    switch (step.kind) {
      case 'grant':
        return this.#isDead(node, step.client) ? undefined : granted(this.#settings, state, step);
      case 'release':
        return released(this.#settings, state, step);
      case 'clear':
        return cleared(state);
      case 'death':
        return bereft(state, step.client);
      case 'refused':
      case 'absent':
      case 'present':
      case 'read':
        return undefined;
      default:
        return step satisfies never;
    }
  }

  #isDead({ progress, used }: Node, client: string): boolean {
    const must = this.#mustDeaths.get(client);
    if (must !== undefined) return progress.has(must);
    const may = this.#mayDeaths.get(client);
    return may !== undefined && used.includes(may);
  }

  /** The ways in which one hold may have ended unheard. */
  #lapses(node: Node, hold: Hold, limit: number): Node[] {
    const { state } = node;
    const nodes: Node[] = [];
    if (this.#plan.isFleeting) nodes.push(this.#node(node, lost(state, hold)));
    else if (hold.loose > 0) nodes.push(this.#node(node, dropped(state, hold)));
    for (const at of this.#releases.get(`${hold.token} ${hold.client}`) ?? []) {
      const { step, from } = this.#plan.releases[at] ?? {};
      if (step === undefined || from === undefined || from > limit || node.used.includes(at)) continue;
      const next = released(this.#settings, state, step);
      if (next !== undefined) nodes.push(this.#node(node, next, { uses: at }));
    }
    const death = this.#mayDeaths.get(hold.client);
    const from = death === undefined ? undefined : this.#optional[death]?.from;
    if (death !== undefined && from !== undefined && from <= limit && !node.used.includes(death)) {
      nodes.push(this.#node(node, bereft(state, hold.client), { uses: death }));
    }
    return nodes;
  }

  /** They are all alike: the first one that is left may stand for the others. */
  #mayClear(node: Node, limit: number): Node[] {
    const { releases, clears } = this.#plan;
    if (node.state.holds.length === 0) return [];
    const at = clears.findIndex(({ from }, index) => from <= limit && !node.used.includes(releases.length + index));
    return at < 0 ? [] : [this.#node(node, cleared(node.state), { uses: releases.length + at })];
  }

  /** Grants that nothing shows: only where a refusal wants somebody to be there, or a hold may be entered once more. */
  #mayGrant(node: Node, frontier: Frontier): Node[] {
    const isWanted = frontier.next.some((at) => this.#plan.musts[at]?.step.kind === 'refused');
    if (!isWanted && this.#settings.reentrant === 'no') return [];
    return this.#ghosts.flatMap((alike) => {
      const at = alike.find((each) => !node.used.includes(each) && this.#isPossible(node, each, frontier.limit));
      const ghost = at === undefined ? undefined : this.#plan.ghosts[at - this.#firstGhost];
      if (at === undefined || ghost === undefined) return [];
      const isReentry = ownHold(this.#settings, node.state, ghost.step) !== undefined;
      if (!isWanted && !isReentry) return [];
      const state = granted(this.#settings, node.state, { ...ghost.step, token: undefined, isLoose: true });
      return state === undefined ? [] : [this.#node(node, state, { uses: at })];
    });
  }

  #isPossible(node: Node, at: number, limit: number): boolean {
    const ghost = this.#plan.ghosts[at - this.#firstGhost];
    return ghost !== undefined && ghost.from <= limit && !this.#isDead(node, ghost.step.client);
  }

  get #firstGhost(): number {
    return this.#optional.length - this.#plan.ghosts.length;
  }

  #alike(first: number): readonly (readonly number[])[] {
    const { ghosts, settings, musts } = this.#plan;
    const deathOf = (client: string): number =>
      musts[this.#mustDeaths.get(client) ?? -1]?.until ?? Number.POSITIVE_INFINITY;
    const groups = new Map<string, number[]>();
    ghosts.forEach(({ step: { client, mode, permits } }, at) => {
      const isNamed = settings.reentrant !== 'no' || this.#mayDeaths.has(client);
      const key = `${mode} ${permits} ${isNamed ? client : ''}`;
      groups.set(key, [...(groups.get(key) ?? []), first + at]);
    });
    const clientAt = (at: number): string => ghosts[at - first]?.step.client ?? '';
    return [...groups.values()].map((group) => group.sort((a, b) => deathOf(clientAt(a)) - deathOf(clientAt(b))));
  }

  #node(node: Node, state: LockState, change: { readonly progress?: Progress; readonly uses?: number } = {}): Node {
    const used = change.uses === undefined ? node.used : [...node.used, change.uses].sort((a, b) => a - b);
    return { state, progress: change.progress ?? node.progress, used: this.#relevant(used, state) };
  }

  /** What was used up on a hold that is gone, and never comes again, makes no difference any more. */
  #relevant(used: readonly number[], state: LockState): readonly number[] {
    if (this.#settings.readTokens === 'shared') return used;
    return used.filter((at) => {
      const release = this.#plan.releases[at];
      return release === undefined || holdOf(state, release.step) !== undefined;
    });
  }
}

const keyOf = ({ progress, state }: Node): string => {
  const holds = state.holds
    .map(({ client, token, mode, count, loose }) => `${token ?? '?'}${mode}${count}.${loose}${client}`)
    .sort();
  return `${progress.key}|${state.last}.${state.lastWrite}|${JSON.stringify(holds)}`;
};
