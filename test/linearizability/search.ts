import { bereftAll, type GroupState, grantedAll, keyOf, lockIn, untouched, withLock } from './group.ts';
import { grouped } from './grouped.ts';
import { isTrue } from './looks.ts';
import { mintingIn } from './minting.ts';
import {
  cleared,
  dropped,
  type Hold,
  holdOf,
  limited,
  lost,
  ownHold,
  putBack,
  released,
  upgraded,
  weakened,
} from './model.ts';
import type { Change, Ghost, Placed, Plan, Step, Stroke } from './plan.ts';
import { type Frontier, type Progress, start } from './progress.ts';

/** What a search found; `stuck` where it got furthest in vain. */
export type Finding =
  | { readonly kind: 'order'; readonly states: number }
  | { readonly kind: 'none'; readonly states: number; readonly stuck: Stuck }
  | { readonly kind: 'exhausted'; readonly states: number };

/** Nothing of what had to be next was possible. */
export interface Stuck {
  readonly state: GroupState;
  /** What could have been next, the most urgent first. */
  readonly next: readonly Placed[];
}

interface Node {
  readonly progress: Progress;
  /** Things that may have happened and, in this order, did: their places in `optional`. */
  readonly used: readonly number[];
  readonly state: GroupState;
}

/**
 * Looks for an order of all steps, each at a moment of its call, that the law of the locks allows (Wing and Gong, with
 * the memory of Lowe). Whatever only looks at a lock is placed as soon as it is true: it changes nothing, so an order
 * that has it later has it as well now. What may have happened is tried last, where something has to give way.
 */
export function search(plan: Plan, budget: number): Finding {
  return new Search(plan).run(budget);
}

class Search {
  readonly #plan: Plan;
  readonly #mustDeaths: ReadonlyMap<string, number>;
  readonly #mayDeaths: ReadonlyMap<string, number>;
  /** Ghosts that may stand for one another, those who die first at the front. */
  readonly #ghosts: readonly (readonly number[])[];
  readonly #optional: readonly Placed<Change | Stroke | (Step & { readonly kind: 'death' }) | Ghost>[];
  /** Changes that may have happened, by the hold that they are of. */
  readonly #changes: ReadonlyMap<string, readonly number[]>;
  /** What mints a token of one space for all, by rising tokens; and where each of them stands there. */
  readonly #minting: readonly number[];
  readonly #rankOf: ReadonlyMap<number, number>;
  /** By what is placed and what is held, what had been used up by then. */
  readonly #seen = new Map<string, (readonly number[])[]>();
  #states = 0;

  constructor(plan: Plan) {
    this.#plan = plan;
    const deaths = plan.musts.flatMap(({ step }, at) => (step.kind === 'death' ? [[step.client, at] as const] : []));
    this.#mustDeaths = new Map(deaths);
    const { changes, strokes, deaths: mayDeaths, ghosts } = plan;
    this.#optional = [...changes, ...strokes, ...mayDeaths, ...ghosts];
    this.#changes = grouped(changes.keys(), (at) => holdKey(changes[at]?.step));
    const beforeDeaths = changes.length + strokes.length;
    this.#mayDeaths = new Map(mayDeaths.map(({ step }, at) => [step.client, beforeDeaths + at]));
    this.#ghosts = this.#alike(beforeDeaths + mayDeaths.length);
    this.#minting = mintingIn(plan);
    this.#rankOf = new Map(this.#minting.map((at, rank) => [at, rank]));
  }

  run(budget: number): Finding {
    const open: Node[] = [{ progress: start, used: [], state: untouched }];
    let stuck: Stuck = { state: untouched, next: [] };
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
    const key = `${node.progress.key}|${keyOf(node.state)}`;
    const before = this.#seen.get(key);
    if (before === undefined) this.#seen.set(key, [node.used]);
    else if (before.some((used) => used.every((at) => node.used.includes(at)))) return true;
    else before.push(node.used);
    return false;
  }

  /** Places whatever is a mere look at a lock and is true now. */
  #settle(node: Node): readonly [Node, Frontier] {
    const { musts, settings } = this.#plan;
    let { progress } = node;
    for (;;) {
      const frontier = progress.frontier(musts);
      const seen = frontier.next.filter((at) => isTrue(settings, node.state, musts[at]?.step));
      if (seen.length === 0) return [{ ...node, progress }, frontier];
      for (const at of seen) progress = progress.with(at);
    }
  }

  #byUrgency({ next }: Frontier): readonly Placed[] {
    const placed = next.flatMap((at) => this.#plan.musts[at] ?? []);
    return placed.sort((a, b) => a.until - b.until);
  }

  #successors(node: Node, frontier: Frontier): Node[] {
    const nodes = this.#mustNext(node, frontier);
    for (const [name, { holds }] of node.state.locks) {
      for (const hold of holds) nodes.push(...this.#lapses(node, { name, hold }, frontier.limit));
    }
    return [...nodes, ...this.#mayStrike(node, frontier.limit), ...this.#mayGrant(node, frontier)];
  }

  #mustNext(node: Node, { next }: Frontier): Node[] {
    const { musts } = this.#plan;
    const byUrgency = [...next].sort((a, b) => (musts[a]?.until ?? 0) - (musts[b]?.until ?? 0));
    return byUrgency.flatMap((at) => {
      const step = musts[at]?.step;
      const state = step === undefined || !this.#isItsTurn(node, at) ? undefined : this.#after(node, step);
      return state === undefined ? [] : [this.#node(node, state, { progress: node.progress.with(at) })];
    });
  }

  /** Of one space of tokens the lower ones come first; whoever comes before his turn leads nowhere. */
  #isItsTurn({ progress }: Node, at: number): boolean {
    const rank = this.#rankOf.get(at);
    const before = rank === undefined ? undefined : this.#minting[rank - 1];
    return before === undefined || progress.has(before);
  }

  #after(node: Node, step: Step): GroupState | undefined {
    const { state } = node;
    switch (step.kind) {
      case 'grant': {
        const isDead = step.wants.some(({ client }) => this.#isDead(node, client));
        return isDead ? undefined : grantedAll(this.#plan.settings, state, step);
      }
      case 'release':
      case 'convert':
      case 'weaken':
        return this.#changed(state, step);
      case 'clear':
        return withLock(state, step.name, cleared(lockIn(state, step.name)));
      case 'limit':
        return withLock(state, step.name, limited(lockIn(state, step.name), step));
      case 'death':
        return bereftAll(state, step.client);
      case 'refused':
      case 'absent':
      case 'present':
      case 'accompanied':
      case 'read':
      case 'misled':
      case 'circle':
        return undefined;
      default:
        return step satisfies never;
    }
  }

  #changed(state: GroupState, change: Change): GroupState | undefined {
    const { settings } = this.#plan;
    const lock = lockIn(state, change.name);
    switch (change.kind) {
      case 'release':
        return withLock(state, change.name, released(settings.of(change.name), lock, change));
      case 'convert': {
        const { becomes } = change;
        if (settings.isGlobal && becomes !== undefined && becomes <= state.last) return undefined;
        return withLock(state, change.name, upgraded(lock, change), becomes);
      }
      case 'weaken':
        return withLock(state, change.name, weakened(lock, change));
      default:
        return change satisfies never;
    }
  }

  #isDead({ progress, used }: Node, client: string): boolean {
    const must = this.#mustDeaths.get(client);
    if (must !== undefined) return progress.has(must);
    const may = this.#mayDeaths.get(client);
    return may !== undefined && used.includes(may);
  }

  /** The ways in which one hold may have ended, or changed, unheard. */
  #lapses(node: Node, { name, hold }: { readonly name: string; readonly hold: Hold }, limit: number): Node[] {
    const { state } = node;
    const lock = lockIn(state, name);
    const nodes: Node[] = [];
    const push = (next: GroupState | undefined, uses?: number): void => {
      if (next !== undefined) nodes.push(this.#node(node, next, uses === undefined ? {} : { uses }));
    };
    if (this.#plan.isFleeting) {
      push(withLock(state, name, lost(lock, hold)));
      push(withLock(state, name, putBack(lock, hold)));
    }
    if (!this.#plan.isFleeting && hold.loose > 0) push(withLock(state, name, dropped(lock, hold)));
    for (const at of this.#changes.get(holdKey({ name, token: hold.token, client: hold.client })) ?? []) {
      const { step, from } = this.#plan.changes[at] ?? {};
      if (step === undefined || from === undefined || from > limit || node.used.includes(at)) continue;
      push(this.#changed(state, step), at);
    }
    const death = this.#mayDeaths.get(hold.client);
    const from = death === undefined ? undefined : this.#optional[death]?.from;
    if (death !== undefined && from !== undefined && from <= limit && !node.used.includes(death)) {
      push(bereftAll(state, hold.client), death);
    }
    return nodes;
  }

  /** Of those that are all alike the first one that is left may stand for the others. */
  #mayStrike(node: Node, limit: number): Node[] {
    const { changes, strokes } = this.#plan;
    const tried = new Set<string>();
    return strokes.flatMap(({ step, from }, index) => {
      const at = changes.length + index;
      if (from > limit || node.used.includes(at)) return [];
      const lock = lockIn(node.state, step.name);
      const key = step.kind === 'limit' ? `${step.permits} ${step.name}` : `clear ${step.name}`;
      const isIdle = step.kind === 'clear' ? lock.holds.length === 0 : lock.limit?.permits === step.permits;
      if (isIdle || tried.has(key)) return [];
      tried.add(key);
      const next = this.#after(node, step);
      return next === undefined ? [] : [this.#node(node, next, { uses: at })];
    });
  }

  /** Grants that nothing shows: only where a refusal wants somebody to be there, or a hold may be entered once more. */
  #mayGrant(node: Node, frontier: Frontier): Node[] {
    const { settings, ghosts, isReentered } = this.#plan;
    const isWanted = frontier.next.some((at) => isExplainable(this.#plan.musts[at]?.step));
    if (!isWanted && !isReentered) return [];
    return this.#ghosts.flatMap((alike) => {
      const at = alike.find((each) => !node.used.includes(each) && this.#isPossible(node, each, frontier.limit));
      const ghost = at === undefined ? undefined : ghosts[at - this.#firstGhost];
      if (at === undefined || ghost === undefined) return [];
      const { wants } = ghost.step;
      const isReentry = wants.some(
        (want) => ownHold(settings.of(want.name), lockIn(node.state, want.name), want) !== undefined,
      );
      if (!isWanted && !isReentry) return [];
      const state = grantedAll(settings, node.state, { wants, token: undefined, isLoose: true });
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
    const { ghosts, musts, isReentered } = this.#plan;
    const deathOf = (client: string): number =>
      musts[this.#mustDeaths.get(client) ?? -1]?.until ?? Number.POSITIVE_INFINITY;
    const groups = new Map<string, number[]>();
    ghosts.forEach(({ step: { client, wants } }, at) => {
      const isNamed = isReentered || this.#mayDeaths.has(client);
      const shapes = wants.map(({ name, mode, permits, limit, owner }) => [name, mode, permits, limit, owner]);
      const key = `${JSON.stringify(shapes)} ${isNamed ? client : ''}`;
      groups.set(key, [...(groups.get(key) ?? []), first + at]);
    });
    const clientAt = (at: number): string => ghosts[at - first]?.step.client ?? '';
    return [...groups.values()].map((group) => group.sort((a, b) => deathOf(clientAt(a)) - deathOf(clientAt(b))));
  }

  #node(node: Node, state: GroupState, change: { readonly progress?: Progress; readonly uses?: number } = {}): Node {
    const used = change.uses === undefined ? node.used : [...node.used, change.uses].sort((a, b) => a - b);
    return { state, progress: change.progress ?? node.progress, used: this.#relevant(used, state) };
  }

  /** What was used up on a hold that is gone, and never comes again, makes no difference any more. */
  #relevant(used: readonly number[], state: GroupState): readonly number[] {
    const { changes, settings } = this.#plan;
    return used.filter((at) => {
      const change = changes[at]?.step;
      if (change === undefined || settings.of(change.name).readTokens === 'shared') return true;
      return holdOf(lockIn(state, change.name), change) !== undefined;
    });
  }
}

/** Whether a grant that nothing shows may be what makes it true. */
const isExplainable = (step: Step | undefined): boolean =>
  step?.kind === 'refused' || step?.kind === 'accompanied' || step?.kind === 'misled' || step?.kind === 'circle';

const holdKey = (
  of: { readonly name: string; readonly token: number | undefined; readonly client: string } | undefined,
): string => `${of?.token} ${of?.client} ${of?.name}`;
