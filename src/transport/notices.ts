import type { Clock } from '../clock/index.ts';
import type { Refused } from './transport.ts';

/** What the transport needs of a pino-shaped logger. */
export interface TransportLogger {
  debug(fields: object, text: string): void;
  info(fields: object, text: string): void;
  warn(fields: object, text: string): void;
}

export const silentLogger: TransportLogger = { debug: () => {}, info: () => {}, warn: () => {} };

interface Notice {
  readonly kind: string;
  readonly subject: string;
  readonly text: string;
}

const intervalMs = 60_000;
const subjectsMax = 1_000;

/** Log lines about what others do to us: at most one per kind and subject in a minute, or a flood fills the disk. */
export class Notices {
  readonly #logger: TransportLogger;
  readonly #clock: Clock;
  readonly #seen = new Map<string, { readonly since: number; suppressed: number }>();

  constructor(logger: TransportLogger, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  /** `subject` is who it is about: a peer's address or node id. */
  warn(kind: string, subject: string, text: string): void {
    this.#say('warn', { kind, subject, text });
  }

  /** Somebody was turned away. A node that is not ready turns its peers away at every first start: no warning. */
  refused(kind: string, subject: string, { code, text }: Refused): void {
    this.#say(code === 'NOT_READY' ? 'debug' : 'warn', { kind: `${kind}:${code}`, subject, text });
  }

  #say(level: 'debug' | 'warn', { kind, subject, text }: Notice): void {
    const key = `${kind} ${subject}`;
    const now = this.#clock.now();
    const seen = this.#seen.get(key);
    if (seen !== undefined && now - seen.since < intervalMs) {
      seen.suppressed += 1;
      return;
    }
    this.#seen.delete(key);
    if (this.#seen.size >= subjectsMax) this.#forgetOldest();
    this.#seen.set(key, { since: now, suppressed: 0 });
    this.#logger[level]({ kind, peer: subject, suppressed: seen?.suppressed ?? 0 }, printable(text));
  }

  /** The map keeps insertion order, which is the order of time. */
  #forgetOldest(): void {
    for (const key of this.#seen.keys()) {
      this.#seen.delete(key);
      return;
    }
  }
}

const textCharsMax = 512;

/** `text` without control and formatting characters, cut to 512: what a peer wrote must not rewrite a terminal. */
export const printable = (text: string): string => text.slice(0, textCharsMax).replace(/\p{C}/gu, '?');
