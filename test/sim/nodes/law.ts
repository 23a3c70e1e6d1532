import type { Hold } from '../../../src/hold.ts';
import type { ModelClaim } from '../../table/model-claims.ts';
import type { Ghost } from '../ghost.ts';
import { ContentionLaw } from './contention-law.ts';
import { permitsMax } from './desires.ts';
import { RegisterLaw } from './register-law.ts';
import type { Ends } from './table-ghost.ts';

/** Somebody who may hold locks: one process. */
export interface Claimant {
  readonly name: string;
  readonly isAlive: boolean;
  /** Its machine sleeps: nobody can ask there, and what counts is what it says when it wakes. */
  readonly isAsleep: boolean;
  /** Nothing runs there at the moment: it cannot be told anything. */
  readonly isStopped: boolean;
  /** How long its machine has been asleep in all, in milliseconds. */
  readonly sleptMs: number;
}

/** One hold as the law sees it. */
export interface Claim {
  readonly hold: Hold;
  readonly by: Claimant;
  /** Its holder has asked to release it. */
  isLetGo: boolean;
  /** Its holder has been told that it is lost. */
  isToldLost: boolean;
  /**
   * How long its holder's machine had slept when the cluster last vouched for it. While that is longer by now the hold is in
   * doubt: it may not be claimed, but whether it is lost only an answer can tell.
   */
  sleptMs: number;
}

/** What was true when somebody asked. */
export interface Moment {
  /** The highest token that anybody had been given by then. */
  readonly tokenHighest: number;
}

/** What an inspection showed. */
export interface Sight {
  readonly name: string;
  readonly tokens: readonly number[];
}

/**
 * The law of locks as their users see it, whatever happens below. O1: never two who may say that they hold a lock, and
 * whoever lost it has been told before the next one gets it. O6: no session is ended by the cluster while its holder may
 * still claim what it holds. O2: tokens rise. O3: one outcome a question. O5: a linearizable view shows nothing older than what was known when it was
 * asked for. O10: whoever was told that a hold was ended by force holds it no more, and all are told by the time when the
 * cluster is at rest.
 */
export class Law implements Ends {
  readonly registers: RegisterLaw;
  readonly contention: ContentionLaw;
  readonly #ghost: Ghost;
  /** False while clocks run at rates for which nothing is promised to holders. */
  readonly #isBounded: boolean;
  readonly #afterTurn: (look: () => void) => void;
  readonly #claims = new Map<string, Set<Claim>>();
  /** By name: the newest claim that anybody was given. */
  readonly #newest = new Map<string, Claim>();
  readonly #tokens = new Set<number>();
  /** Of holds that were ended by force: their holders hear of it, but perhaps after the next ones. */
  readonly #forced = new Set<number>();
  /** By the token of an upgraded hold: the one before. */
  readonly #former = new Map<number, number>();
  #tokenHighest = 0;

  /** `afterTurn` looks once the whole entry is known whose grants are being told. */
  constructor(
    ghost: Ghost,
    { isBounded, afterTurn }: { readonly isBounded: boolean; readonly afterTurn: (look: () => void) => void },
  ) {
    this.#ghost = ghost;
    this.#isBounded = isBounded;
    this.#afterTurn = afterTurn;
    this.contention = new ContentionLaw(ghost, afterTurn);
    this.registers = new RegisterLaw(ghost, (lock) => this.#newest.get(lock)?.hold.token ?? 0);
  }

  /** Whether what holders say of their holds must be true. */
  get isBinding(): boolean {
    return this.#isBounded;
  }

  /** Whether that hold was ended by force: its holder may not have heard of it. */
  wasForced(token: number): boolean {
    return this.#forced.has(token);
  }

  /** Whether a later hold of the same exclusive lock was given out. */
  isSucceeded({ hold }: Claim, token: number): boolean {
    return hold.mode === 'X' && (this.#newest.get(hold.name)?.hold.token ?? 0) > token;
  }

  /** Somebody asks for a lock now. */
  asked(): Moment {
    return { tokenHighest: this.#tokenHighest };
  }

  granted(by: Claimant, hold: Hold, moment: Moment): Claim {
    const { name, token } = hold;
    const isEntry = this.#isEntry(by, hold);
    if (isEntry) this.#ghost.count('re-entries');
    const isNew = isEntry || !this.#tokens.has(token);
    this.#ghost.demand(isNew, 'O2', () => `token ${token} of ${name} was given out twice`);
    const rises = isEntry || token > moment.tokenHighest;
    this.#ghost.demand(rises, 'O2', () => `${by.name} gets ${name} with token ${token} after ${moment.tokenHighest}`);
    this.#tokens.add(token);
    this.#tokenHighest = Math.max(this.#tokenHighest, token);
    const claim: Claim = { hold, by, isLetGo: false, isToldLost: hold.loss !== undefined, sleptMs: by.sleptMs };
    const claims = this.#claims.get(name) ?? new Set();
    this.#judgeTold(claims, claim);
    this.#claims.set(name, claims.add(claim));
    const former = this.#newest.get(name);
    if (former === undefined || former.hold.token < token) this.#newest.set(name, claim);
    this.judge(name);
    return claim;
  }

  /** Whether its owner enters a hold that he has not left yet. */
  #isEntry(by: Claimant, { name, token, owner }: Hold): boolean {
    if (owner === undefined) return false;
    const claims = [...(this.#claims.get(name) ?? [])];
    return claims.some((claim) => claim.by === by && claim.hold.token === token && claim.hold.owner === owner);
  }

  /** A hold has become a write, under a token above all that were given out when it was asked for. */
  upgraded({ name, token }: Hold, moment: Moment): void {
    const isNew = !this.#tokens.has(token) && token > moment.tokenHighest;
    this.#ghost.demand(isNew, 'O2', () => `${name} is upgraded with token ${token} after ${moment.tokenHighest}`);
    this.#tokens.add(token);
    this.#tokenHighest = Math.max(this.#tokenHighest, token);
    this.judge(name);
  }

  /** The holder lets go; it may not know yet that it has lost it. */
  letGo(claim: Claim): void {
    claim.isLetGo = true;
    this.#claims.get(claim.hold.name)?.delete(claim);
  }

  /** A process is gone, and nobody is left there to say anything. */
  died(by: Claimant): void {
    for (const claims of this.#claims.values()) {
      for (const claim of claims) if (claim.by === by) claims.delete(claim);
    }
  }

  /** The cluster ends a session because nothing was heard of it, and with it the hold of `token`. */
  expired(name: string, token: number): void {
    if (!this.#isBounded) return;
    for (const { hold, by } of this.#claims.get(name) ?? []) {
      if (hold.token !== token || !by.isAlive || by.isAsleep) continue;
      this.#ghost.demand(
        !hold.isHeld,
        'O6',
        () => `${by.name} still holds ${name} (token ${token}) when its session ends`,
      );
    }
  }

  converted(had: number, token: number): void {
    if (had !== token) this.#former.set(token, had);
  }

  stands(claims: readonly ModelClaim[]): void {
    this.contention.stands(claims);
  }

  /** The holder may not even know yet under which token it holds. */
  forced(token: number): void {
    for (let each: number | undefined = token; each !== undefined; each = this.#former.get(each))
      this.#forced.add(each);
  }

  /** Faults are over, and nothing is under way: nobody who lives is left believing. */
  judgeRest(): void {
    for (const [name, claims] of this.#claims) {
      for (const { hold, by, isToldLost } of claims) {
        const isKnown = !this.#forced.has(hold.token) || !by.isAlive || isToldLost;
        this.#ghost.demand(isKnown, 'O10', () => `${by.name} never hears that ${name} (${hold.token}) was taken`);
      }
    }
  }

  /** Before anybody asks a holder, which would make it look at its clock. */
  #judgeTold(claims: ReadonlySet<Claim>, next: Claim): void {
    if (!this.#isBounded) return;
    for (const { hold, by, isToldLost, sleptMs } of claims) {
      if (!isExcluded(hold, next.hold)) continue;
      const isInDoubt = by.sleptMs > sleptMs;
      const mayNotKnow = hold.token > next.hold.token || !by.isAlive || by.isStopped || isInDoubt;
      const text = (): string => `${by.name} was not told of the loss of ${hold.name} (token ${hold.token}) in time`;
      if (!mayNotKnow && !isToldLost) this.#unlessForced([hold], ([left]) => left === undefined, text);
    }
  }

  /** O1, for one name or for all. */
  judge(only?: string): void {
    if (!this.#isBounded) return;
    for (const [name, claims] of this.#claims) {
      if (only !== undefined && only !== name) continue;
      for (const { hold, by, isToldLost } of claims) {
        const isOver = !isToldLost || !hold.isHeld;
        this.#ghost.demand(
          isOver,
          'O10',
          () => `${by.name} was told the loss of ${name}, and holds it (${hold.token})`,
        );
      }
      const holders = [...claims].filter(
        ({ hold, by }) => by.isAlive && !by.isAsleep && !this.#forced.has(hold.token) && hold.isHeld,
      );
      const holds = holders.map(({ hold }) => hold);
      if (mayStand(holds)) continue;
      const names = holders.map(({ hold, by }) => `${by.name} (${hold.mode}, token ${hold.token})`).join(' and ');
      this.#unlessForced(holds, mayStand, () => `${name} is held by ${names}`);
    }
  }

  /** O5: what a view shows of a hold is what was said of it when it was asked for. */
  shown(name: string, holders: readonly { readonly token: number; readonly metadata: string | null }[]): void {
    for (const { token, metadata } of holders) {
      const claims = [...(this.#claims.get(name) ?? [])].filter(
        ({ hold }) => hold.token === token && hold.owner === undefined,
      );
      for (const { hold } of claims) {
        const said = hold.options?.metadata ?? null;
        if (said !== null) this.#ghost.count('metadata');
        this.#ghost.demand(metadata === said, 'O5', () => `${name} (token ${token}) shows ${metadata}, not ${said}`);
      }
    }
  }

  /** What is told of a grant may be told before it is known here that a hold was ended for it by force. */
  #unlessForced(holds: readonly Hold[], isFine: (left: readonly Hold[]) => boolean, text: () => string): void {
    this.#afterTurn(() => {
      const left = holds.filter(({ token }) => !this.#forced.has(token));
      this.#ghost.demand(isFine(left), 'O1', text);
    });
  }

  /** What a view of `name` that is asked for now must show at least. */
  expectation(name: string): (sight: Sight) => void {
    const claim = this.#newest.get(name);
    const token = claim?.hold.token ?? 0;
    const mayBeOver = (): boolean =>
      !this.#isBounded || claim?.isLetGo !== false || !claim.by.isAlive || claim.by.isAsleep || this.#forced.has(token);
    return ({ tokens }) => {
      // An upgrade since then goes with another token.
      if (claim === undefined || claim.hold.token !== token) return;
      const isAlone = claim.hold.mode === 'X';
      const isOld = isAlone && tokens.some((shown) => shown < token);
      this.#ghost.demand(!isOld, 'O5', () => `${name} shows token ${tokens.join()} after ${token} was given out`);
      // Its holder may not have heard yet of an upgrade that it asked for.
      const mayBeHigher = isAlone || claim.hold.isConverting;
      const isThere = tokens.some((shown) => shown === token || (mayBeHigher && shown > token));
      // A session may end in the table before its holder hears of it.
      const isKnown = isThere || mayBeOver() || !claim.hold.isHeld;
      this.#ghost.demand(isKnown, 'O5', () => `${name} shows nobody, though ${claim.by.name} holds it with ${token}`);
    };
  }
}

/** Whether these two may not be held at the same time, whoever else holds the lock. */
const isExcluded = (one: Hold, other: Hold): boolean =>
  one.token !== other.token &&
  (one.mode === 'S' ? one.permits + other.permits > permitsMax : !beside.includes(one.mode + other.mode));

const beside = ['RR', 'RU', 'UR'];

/** Whether all these may be held at the same time. */
const mayStand = (holds: readonly Hold[]): boolean =>
  holds.every((one) => holds.every((other) => one === other || !isExcluded(one, other))) &&
  holds.reduce((sum, { mode, permits }) => sum + (mode === 'S' ? permits : 0), 0) <= permitsMax;
