import { closeSync, openSync, writeSync } from 'node:fs';
import { type CallToWrite, Recorder, type ResultToWrite } from '../linearizability/index.ts';
import type { SeenHolder } from './messages.ts';

/** Who acts in the history. A worker whose last call has no known end goes on as somebody else. */
export interface Actor {
  readonly process: number;
  readonly client: string;
  /** The node or client connection whose session it uses. */
  readonly home: string;
}

/** A read that showed a holder whose grant nobody has been told of yet. */
interface Unread {
  readonly actor: Actor;
  readonly name: string;
  readonly holders: readonly SeenHolder[];
  readonly at: bigint;
}

/** An acquire without a known end: its grant, if there was one, shows only in reads. */
interface Lost {
  readonly name: string;
  readonly home: string;
  readonly client: string;
  readonly invokedAt: bigint;
}

/** How many permits the semaphores of a run have until that is changed. */
export const firstLimit = 3;

const keyOf = (name: string, token: number): string => `${token} ${name}`;

/**
 * Writes the history while it happens: each invocation before the request leaves, each completion after it came. Reads
 * are completed, with the time at which they ended, once it is known whose tokens they showed.
 */
export class Journal {
  readonly path: string;
  readonly #file: number;
  readonly #recorder: Recorder;
  readonly #clients: Map<string, string> = new Map();
  readonly #invokedAt: Map<number, bigint> = new Map();
  readonly #lost: Lost[] = [];
  #unread: Unread[] = [];
  #actors = 0;
  /** Set while something is written whose time was taken earlier. */
  #writtenAs: bigint | undefined;

  constructor(path: string, ttlMs: number) {
    this.path = path;
    this.#file = openSync(path, 'w');
    this.#recorder = new Recorder({
      meta: {
        sessions: 'any',
        ttl_ms: ttlMs,
        tokens: 'global',
        default: { kind: 'mutex', reentrant: 'no' },
        prefixes: { 'rw-': { kind: 'rw' }, 'sem-': { kind: 'semaphore', permits: firstLimit } },
      },
      now: () => this.#writtenAs ?? process.hrtime.bigint(),
      sink: (line) => writeSync(this.#file, line),
    });
  }

  /** Somebody new, who acts by way of the session of `home`. */
  actor(home: string): Actor {
    this.#actors += 1;
    return { process: this.#actors, client: `${home}/${this.#actors}`, home };
  }

  invoke(actor: Actor, call: CallToWrite): void {
    this.#invokedAt.set(actor.process, process.hrtime.bigint());
    this.#recorder.invoke(actor.process, call);
  }

  ok(actor: Actor, result: ResultToWrite): void {
    this.#recorder.ok(actor.process, result);
  }

  fail(actor: Actor, error: string): void {
    this.#recorder.fail(actor.process, error);
  }

  unknown(actor: Actor, error: string): void {
    this.#recorder.unknown(actor.process, error);
  }

  /** Of several locks: `token` is the first one's, and those of the others follow it. */
  granted(actor: Actor, names: string | readonly string[], token: number): void {
    this.#recorder.ok(actor.process, { granted: true, token });
    const all = typeof names === 'string' ? [names] : names;
    for (const [at, name] of all.entries()) this.#clients.set(keyOf(name, token + at), actor.client);
    if (this.#unread.length > 0) this.#unread = this.#unread.filter((unread) => !this.#read(unread));
  }

  /** A request for one lock or several ended without anybody knowing how. */
  maybeGranted(actor: Actor, names: string | readonly string[], error: string): void {
    this.#recorder.unknown(actor.process, error);
    const invokedAt = this.#invokedAt.get(actor.process) ?? 0n;
    const { home, client } = actor;
    const all = typeof names === 'string' ? [names] : names;
    for (const name of all) this.#lost.push({ name, home, client, invokedAt });
  }

  /** A read has ended. The actor must not act again: its line may be written much later. */
  holders(actor: Actor, name: string, holders: readonly SeenHolder[]): void {
    const unread = { actor, name, holders, at: process.hrtime.bigint() };
    if (!this.#read(unread)) this.#unread.push(unread);
  }

  fault(f: string, phase: 'start' | 'stop', node: string): void {
    this.#recorder.nemesis({ f, phase, node });
  }

  healed(): void {
    this.#recorder.mark('healed');
  }

  /** Nothing is asked any more: what was read of tokens that nobody was told of is attributed now. */
  close(): void {
    for (const unread of this.#unread) if (!this.#read(unread)) this.#guess(unread);
    closeSync(this.#file);
  }

  /** Completes a read if all it showed is known by now. */
  #read({ actor, name, holders, at }: Unread): boolean {
    const known = holders.flatMap(({ token }) => {
      const client = this.#clients.get(keyOf(name, token));
      return client === undefined ? [] : [{ client, token }];
    });
    if (known.length < holders.length) return false;
    this.#writtenAs = at;
    this.#recorder.ok(actor.process, { holders: known });
    this.#writtenAs = undefined;
    return true;
  }

  /**
   * A grant that nobody was told of belongs to an acquire of that session whose end is not known. If there is none, it
   * belongs to nobody, which no history can explain; if there are several, the read teaches nothing.
   */
  #guess(unread: Unread): void {
    // The token may be that of an upgrade whose end is not known, or of the upgradeable read that it was made again.
    if (unread.name.startsWith('rw-')) return this.#recorder.fail(unread.actor.process, 'whose token is not known');
    for (const { token, home } of unread.holders) {
      const key = keyOf(unread.name, token);
      if (this.#clients.has(key)) continue;
      const mayOwn = (lost: Lost): boolean =>
        lost.name === unread.name && lost.home === home && lost.invokedAt < unread.at;
      const owners = this.#lost.filter(mayOwn);
      const [owner] = owners;
      if (owners.length === 1 && owner !== undefined) this.#lost.splice(this.#lost.indexOf(owner), 1);
      if (owners.length <= 1) this.#clients.set(key, owner?.client ?? `nobody of ${home}`);
    }
    if (!this.#read(unread)) this.#recorder.fail(unread.actor.process, 'the holder may be one of several');
  }
}
