import type {
  AcquireAll,
  Answer,
  Begun,
  CycleStep,
  DelayOver,
  HoldOptions,
  LockKind,
  Mode,
  OpenSession,
  Overdue,
  Part,
  Proclaim,
  SessionRequest,
  TableEvent,
} from '../../src/table/index.ts';
import { cycleStepsMax } from '../../src/table/index.ts';
import { ModelDelays } from './model-delays.ts';

/** One request for one lock: with a token it holds, without it waits. */
export interface ModelClaim extends Part {
  /** 0: nobody's any more. */
  session: number;
  sequence: number;
  mode: Mode;
  token: number | undefined;
  /** Of the hold that this waiter is to upgrade. */
  readonly upgrades: number | undefined;
  readonly owner: string | undefined;
  entries: number;
  options: HoldOptions | undefined;
  hasBegun: boolean;
  /** When it was granted. */
  since: number;
}

export interface ModelSession {
  readonly id: number;
  readonly open: OpenSession;
  version: number;
  mark: number;
}

export interface ModelAnswer {
  readonly session: number;
  readonly sequence: number;
  readonly command: SessionRequest | undefined;
  answer: Answer;
}

/** Who holds and who waits, and who is next, as one would explain it: a flat list, searched from the front. */
export class ModelClaims {
  sessions: ModelSession[] = [];
  answers: ModelAnswer[] = [];
  tokens = 0;
  time = 0;
  /** Of the command under way. */
  events: TableEvent[] = [];
  /** In the order in which they came. */
  claims: ModelClaim[] = [];
  /** Limits that were changed. */
  kept = new Map<string, number>();
  readonly delays = new ModelDelays();

  holdersOf(name: string): readonly ModelClaim[] {
    return this.claims.filter((claim) => claim.name === name && isHold(claim)).sort(byToken);
  }

  /** Upgrades stand in front, all others as they came. */
  queueOf(name: string): readonly ModelClaim[] {
    const waiters = this.claims.filter((claim) => claim.name === name && !isHold(claim));
    return [...waiters.filter(isUpgrade), ...waiters.filter((claim) => !isUpgrade(claim))];
  }

  /** Of a semaphore that is used, or whose limit was changed; 0 of any other lock in use. */
  limitOf(name: string): number | undefined {
    const limit = this.claims.find((claim) => claim.name === name)?.limit;
    return this.kept.get(name) ?? limit ?? this.delays.byName.get(name)?.limit;
  }

  kindAt(name: string): LockKind | undefined {
    if (this.kept.has(name)) return 'semaphore';
    const claim = this.claims.find((one) => one.name === name);
    return claim === undefined ? this.delays.byName.get(name)?.kind : kinds[claim.mode];
  }

  held({ id }: { readonly id: number }, name: string, token: number): ModelClaim | undefined {
    return this.claims.find((claim) => claim.session === id && claim.name === name && claim.token === token);
  }

  /** All that waits under the same sequence. */
  groupOf({ session, sequence }: ModelClaim): readonly ModelClaim[] {
    return this.claims.filter((claim) => claim.session === session && claim.sequence === sequence && !isHold(claim));
  }

  requestsWaiting(session: number): number {
    const waiting = this.claims.filter((claim) => claim.session === session && !isHold(claim));
    return new Set(waiting.map(({ sequence }) => sequence)).size;
  }

  /** Whom a waiter waits for: the holders that exclude him, and the waiter ahead. */
  blockersOf(claim: ModelClaim): readonly ModelClaim[] {
    const queue = this.queueOf(claim.name);
    const ahead = queue[queue.indexOf(claim) - 1];
    const others = this.holdersOf(claim.name).filter(({ token }) => token !== claim.upgrades);
    const holders =
      claim.mode === 'S' ? (this.fits(claim) ? [] : others) : others.filter(({ mode }) => !isBeside(claim.mode, mode));
    return ahead === undefined ? holders : [...holders, ahead];
  }

  /** What the party of that claim waits for. */
  waitsOfParty(claim: ModelClaim): readonly ModelClaim[] {
    const waiters = this.claims.filter((one) => !isHold(one));
    if (claim.owner !== undefined) return waiters.filter(({ owner }) => owner === claim.owner);
    if (isHold(claim)) return waiters.filter(({ upgrades }) => upgrades === claim.token);
    return this.groupOf(claim);
  }

  /** Breadth first: every waiter once, in the order in which others led to it. */
  cycleThrough(request: readonly ModelClaim[]): readonly CycleStep[] | undefined {
    const [first] = request;
    if (first === undefined || (first.owner === undefined && !isUpgrade(first))) return undefined;
    const paths = request.map((claim) => [claim]);
    const seen = new Set(request);
    for (const path of paths) {
      const last = path.at(-1);
      for (const blocker of last === undefined ? [] : this.blockersOf(last)) {
        if (partyOf(blocker) === partyOf(first)) {
          return path.map(({ owner, name }) => ({ owner: owner ?? null, lock: name })).slice(0, cycleStepsMax);
        }
        for (const claim of this.waitsOfParty(blocker).filter((one) => !seen.has(one))) {
          seen.add(claim);
          paths.push([...path, claim]);
        }
      }
    }
    return undefined;
  }

  /** Names that count as locks. */
  get known(): Set<string> {
    return new Set([...this.claims.map(({ name }) => name), ...this.kept.keys(), ...this.delays.byName.keys()]);
  }

  /** Nobody stands in its way but those who wait. */
  isOpen(claim: ModelClaim): boolean {
    return !this.delays.byName.has(claim.name) && this.fits(claim);
  }

  /** Whether the holders leave room. */
  fits(claim: ModelClaim): boolean {
    const others = this.holdersOf(claim.name).filter(({ token }) => token !== claim.upgrades);
    if (claim.mode !== 'S') return others.every(({ mode }) => isBeside(claim.mode, mode));
    const out = others.reduce((sum, { permits }) => sum + permits, 0);
    return out + claim.permits <= (this.kept.get(claim.name) ?? claim.limit);
  }

  /** What a request stands for, in the order of its parts. */
  claimsOf({ session, sequence, parts, owner, options }: AcquireAll): readonly ModelClaim[] {
    const terms = {
      session,
      sequence,
      token: undefined,
      upgrades: undefined,
      owner,
      entries: 1,
      options,
      hasBegun: false,
    };
    return parts.map((part) => ({ ...part, ...terms, since: this.time }));
  }

  /** Ends a hold whose session lives on. */
  leave(held: ModelClaim, event: TableEvent): void {
    for (const waiter of this.claims.filter(({ upgrades }) => upgrades === held.token)) {
      this.endWait(waiter, { kind: 'cancelled' });
    }
    this.claims = this.claims.filter((claim) => claim !== held);
    const session = this.session(held.session);
    if (session !== undefined) this.forgetBelowMark(session, held.sequence);
    this.events.push(event);
    if (event.kind === 'lost') this.delay(held);
    this.passOn([held.name]);
  }

  /** That hold has just ended against its holder's will. */
  delay(held: ModelClaim): void {
    const { name, token = 0 } = held;
    const delayMs = this.delays.left(held, kinds[held.mode]);
    if (delayMs !== undefined) this.events.push({ kind: 'delayed', name, token, delayMs });
  }

  delayOver({ name, token }: DelayOver): void {
    if (this.delays.end(name, token)) this.passOn([name]);
  }

  /** The leader has counted a hold's time; void unless its holder has begun to, too. */
  overdue({ name, token }: Overdue): void {
    const held = this.claims.find((claim) => claim.name === name && claim.token === token && claim.hasBegun);
    if (held === undefined) return;
    this.leave(held, { kind: 'lost', name, session: held.session, token, reason: 'overdue' });
  }

  begin(session: ModelSession, { name, token }: Begun): Answer {
    const held = this.held(session, name, token);
    if (held?.options?.holdMsMax === undefined) return { kind: 'not-held' };
    held.hasBegun = true;
    return { kind: 'begun' };
  }

  /** Whether more wait at one of the locks than the request allows. */
  fullFor({ parts, options }: AcquireAll): Answer | undefined {
    const max = options?.queueLengthMax ?? Number.POSITIVE_INFINITY;
    const full = parts.filter(({ name }) => this.queueOf(name).length >= max)[0];
    return full === undefined ? undefined : { kind: 'queue-full', name: full.name, max };
  }

  isReady(head: ModelClaim): boolean {
    return this.groupOf(head).every((part) => this.queueOf(part.name)[0] === part && this.isOpen(part));
  }

  /** A request leaves all its queues. */
  endWait(waiter: ModelClaim, answer: Answer): void {
    const group = this.groupOf(waiter);
    this.claims = this.claims.filter((claim) => !group.includes(claim));
    this.settle(waiter, answer);
  }

  settle({ session: id, sequence }: ModelClaim, answer: Answer): void {
    const known = this.answers.find((old) => old.session === id && old.sequence === sequence);
    if (known === undefined) throw new Error('the model forgot a waiter');
    known.answer = answer;
    const session = this.session(id);
    if (session !== undefined && answer.kind !== 'granted') this.forgetBelowMark(session, sequence);
    this.events.push({ kind: 'answered', session: id, sequence, answer });
  }

  forgetBelowMark(session: ModelSession, sequence: number): void {
    if (sequence > session.mark) return;
    this.answers = this.answers.filter((old) => old.session !== session.id || old.sequence !== sequence);
  }

  passOn(names: readonly string[]): void {
    const left = [...names];
    for (let name = left.shift(); name !== undefined; name = left.shift()) {
      for (let [head] = this.queueOf(name); head !== undefined && this.isReady(head); [head] = this.queueOf(name)) {
        const group = this.groupOf(head);
        const hold = this.claims.find((claim) => isHold(claim) && claim.token === head?.upgrades);
        if (hold === undefined) this.settle(head, this.grant(group));
        else {
          this.claims = this.claims.filter((claim) => claim !== head);
          this.settle(head, this.convert(hold, head.sequence));
        }
        const freed = group.map((claim) => claim.name).filter((one) => one !== name);
        left.push(...freed);
      }
    }
  }

  /** What else is granted by these is granted in the same order. */
  grant(claims: readonly ModelClaim[]): Answer {
    const first = this.tokens + 1;
    for (const claim of claims) {
      this.tokens += 1;
      claim.token = this.tokens;
      claim.since = this.time;
      this.events.push({ kind: 'granted', name: claim.name, session: claim.session, token: this.tokens });
    }
    return { kind: 'granted', token: first, grantedAt: this.time };
  }

  convert(hold: ModelClaim, sequence: number): Answer {
    const had = hold.token ?? 0;
    const former = hold.sequence;
    this.tokens += 1;
    hold.token = this.tokens;
    hold.since = this.time;
    hold.mode = 'W';
    hold.sequence = sequence;
    const session = this.session(hold.session);
    if (session !== undefined) this.forgetBelowMark(session, former);
    const { name, token } = hold;
    this.events.push({ kind: 'converted', name, session: hold.session, had, token, mode: 'W' });
    return { kind: 'granted', token, grantedAt: this.time };
  }

  proclaim(session: ModelSession, { name, token, metadata }: Proclaim): Answer {
    const hold = this.held(session, name, token);
    if (hold === undefined) return { kind: 'not-held' };
    hold.options = { ...hold.options, metadata };
    this.events.push({ kind: 'proclaimed', name, session: session.id, token, metadata });
    return { kind: 'proclaimed' };
  }

  session(id: number): ModelSession | undefined {
    return this.sessions.find((session) => session.id === id);
  }
}

export const kinds: Readonly<Record<Mode, LockKind>> = {
  X: 'exclusive',
  R: 'reader-writer',
  U: 'reader-writer',
  W: 'reader-writer',
  S: 'semaphore',
};

const isBeside = (one: Mode, other: Mode): boolean => ['RR', 'RU', 'UR'].includes(one + other);

/** The owner, or what one claim has for itself: an upgrade goes with its hold. */
const partyOf = ({ owner, token, upgrades, session, sequence, name }: ModelClaim): string =>
  owner ?? `\0${token ?? upgrades ?? `${session} ${sequence} ${name}`}`;

export const isHold = (claim: ModelClaim): claim is ModelClaim & { readonly token: number } =>
  claim.token !== undefined;

const isUpgrade = ({ upgrades }: ModelClaim): boolean => upgrades !== undefined;

export const byToken = (a: ModelClaim, b: ModelClaim): number => (a.token ?? 0) - (b.token ?? 0);
