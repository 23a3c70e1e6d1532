import { type AcquireOptions, checkOwner } from './acquire-options.ts';
import { type LockSurroundings, type Sought, seek } from './awaiting.ts';
import { Candidacy } from './candidacy.ts';
import type { Clock } from './clock/index.ts';
import { outOfRange, wrongType } from './errors.ts';
import { LeaderReader, type Leaders, type ObserveOptions } from './leader-reader.ts';
import { type AskCluster, type ElectionView, LeaderWatch } from './leader-watch.ts';
import { checkValue, Leadership } from './leadership.ts';
import { Term } from './term.ts';

/** How long to campaign, and when to stop: as for any lock, but for the metadata, which is the value. A leader must live. */
export type CampaignOptions = Omit<AcquireOptions, 'metadata' | 'transferable' | 'sticky' | 'secret'>;

const notOfCampaigns = ['metadata', 'reentrant', 'transferable', 'sticky', 'secret'] as const;

/** How to lead again and again. */
export interface RunOptions {
  /** What everybody sees of the leader, such as its address: at most 1,024 bytes of UTF-8. Default: empty. */
  readonly value?: string | undefined;
  /**
   * Called whenever this process is elected, never while an earlier call of this run is not over. `stop` aborts when it has
   * to end: with a `LockLostError` when the leadership is lost, or with the reason of `signal`. Once what it gives has
   * settled, the leadership is resigned: it must not leave anything running.
   */
  readonly lead: (leadership: Leadership, stop: AbortSignal) => Promise<unknown> | unknown;
  /** Ends the run: a campaign is given up; a term is told to stop, awaited and resigned. */
  readonly signal?: AbortSignal | undefined;
  /** Default true: campaigns again when a term is over, however it ended. False: one term. */
  readonly again?: boolean | undefined;
  /**
   * Milliseconds from one election to the next campaign of this run, at least; after a failure, from that one on, and
   * doubled with each further one in a row up to 30 seconds. 1 to 3,600,000, default 1,000.
   */
  readonly retryDelay?: number | undefined;
  /**
   * Told what `lead` threw, and every campaign that failed, before the next one. What it throws ends the run, which rejects
   * with it. Default: they are logged.
   */
  readonly onError?: ((error: unknown) => void) | undefined;
  /** As in `AcquireOptions`. */
  readonly owner?: string | undefined;
}

/** What an election works with. */
export interface ElectionSurroundings extends LockSurroundings {
  readonly clock: Clock;
  readonly ask: AskCluster;
}

const retryDelayMsDefault = 1_000;
const retryDelayMsMax = 3_600_000;

/**
 * An election by name; making one costs nothing and asks nobody. At most one process leads at a time: whoever holds the
 * exclusive lock of that name. Candidates are elected in the order in which they came.
 */
export class Election {
  readonly name: string;
  readonly #world: ElectionSurroundings;

  /** Elections are made by `createElection`, which checks the name. */
  constructor(name: string, surroundings: ElectionSurroundings) {
    this.name = name;
    this.#world = surroundings;
  }

  /**
   * Waits until this process is elected; everybody is shown `value` then. As `acquire` of a `DistributedLock`: rejects with
   * a `TimeoutError`, a `CancelledError` or another `LockError`, and nothing of a campaign is left behind that was given up.
   * Wrong options, and what is no value, are thrown at once.
   */
  campaign(value: string, options?: CampaignOptions): Promise<Leadership> {
    const checked = checkValue(value);
    const foreign = notOfCampaigns.find((key) => typeof options === 'object' && options !== null && key in options);
    if (foreign !== undefined) {
      throw wrongType(
        `a campaign takes no ${foreign}: its metadata is its value, it is not re-entrant, and it ends with its session`,
      );
    }
    const { name } = this;
    const sought: Sought<Leadership> = {
      name,
      shown: () => `election ${JSON.stringify(name)}`,
      handleOf: (hold) => new Leadership(hold, this.#handles, checked),
    };
    return seek(this.#world, sought, { ...options, metadata: checked });
  }

  /**
   * Campaigns, leads while `lead` runs, resigns, and campaigns again until `signal` aborts; resolves then. A term ends when
   * `lead` has ended, and not before: until then nobody else is elected, unless the leadership was lost. An error of `lead`
   * resigns, too, and it campaigns again after a while; see `onError`. Rejects with what `onError` throws, and with a
   * `LockError` when a campaign failed that would fail again, such as `SHUTTING_DOWN` of a closed provider. Without `again`
   * it resolves after one term, or rejects with the error of `lead`, or with a `LockLostError`. Wrong options are thrown at
   * once.
   */
  run(options: RunOptions): Promise<void> {
    const { value, owner, signal, again, retryDelayMs, lead, onError } = checkRunOptions(options);
    if (signal?.aborted === true) return Promise.resolve();
    const { name } = this;
    const { logger, scope } = this.#world;
    const parts = [{ name, mode: 'X', permits: 1, limit: 0 }] as const;
    const wish = { name, parts, owner: owner ?? scope.owner, reenters: false, options: { metadata: value } };
    return new Promise((resolve, reject) => {
      let term: Term | undefined;
      const candidacy = new Candidacy({ wish, again, retryDelayMs }, this.#world, {
        leads: (hold, ended) => {
          term = new Term(new Leadership(hold, this.#handles, value), lead);
          term.run(ended);
        },
        stops: () => term?.stop(signal?.reason),
        failed: (error) => {
          if (onError === undefined) {
            logger.error({ err: error, election: name }, 'a term or a campaign failed; it campaigns again');
            return undefined;
          }
          return thrownBy(() => onError(error));
        },
        over: (failure) => {
          signal?.removeEventListener('abort', stop);
          if (failure === undefined) resolve();
          else reject(failure.error);
        },
      });
      const stop = (): void => candidacy.stop();
      signal?.addEventListener('abort', stop, { once: true });
      candidacy.begin();
    });
  }

  /**
   * Who leads at first, or that nobody does, and then each change: for `for await`. Never goes backwards, whatever node
   * answers, and survives the loss of nodes and of the quorum. See docs/leader-election.md. A step rejects with a
   * `CancelledError` after an abort, with a `ShuttingDownError` once this provider is closed, with the reason why a node has
   * failed, and with a `KindMismatchError` if the name is in use as another kind of lock. Wrong options are thrown at once.
   */
  observe(options: ObserveOptions = {}): Leaders {
    return new LeaderReader(new LeaderWatch(this.name, this.#world.ask, this.#world.clock), options);
  }

  /** Who leads: as current as the call. Rejects as `inspect` does, or with a `KindMismatchError`. */
  leader(): Promise<ElectionView> {
    return new Promise((resolve, reject) => {
      const watch = new LeaderWatch(this.name, this.#world.ask, this.#world.clock);
      watch.once((sighting) => {
        if (sighting.ok) resolve(sighting.view);
        else reject(sighting.error);
      });
    });
  }

  get #handles() {
    const { logger, verify, engine } = this.#world;
    return { logger, verify, ttlMs: engine.ttlMs };
  }
}

const thrownBy = (run: () => void): { readonly error: unknown } | undefined => {
  try {
    run();
    return undefined;
  } catch (error) {
    return { error };
  }
};

const known = ['value', 'lead', 'signal', 'again', 'retryDelay', 'onError', 'owner'];

const checkRunOptions = (options: RunOptions) => {
  if (typeof options !== 'object' || options === null) throw wrongType('options must be an object');
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) throw wrongType(`unknown option ${JSON.stringify(key)}; run takes ${known.join(', ')}`);
  }
  const { value = '', lead, signal, again = true, retryDelay = retryDelayMsDefault, onError, owner } = options;
  if (typeof lead !== 'function') throw wrongType('lead must be a function');
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw wrongType('signal must be an AbortSignal');
  if (typeof again !== 'boolean') throw wrongType('again must be a boolean');
  if (onError !== undefined && typeof onError !== 'function') throw wrongType('onError must be a function');
  if (typeof retryDelay !== 'number') throw wrongType('retryDelay must be a number of milliseconds');
  if (!(retryDelay >= 1 && retryDelay <= retryDelayMsMax)) {
    throw outOfRange(`retryDelay must be 1 to ${retryDelayMsMax} milliseconds, not ${retryDelay}`);
  }
  return {
    ...{ value: checkValue(value), lead, signal, again, retryDelayMs: retryDelay, onError },
    owner: owner === undefined ? undefined : checkOwner(owner),
  };
};
