import type { Configuration, Learner, Member } from './config.ts';
import { utf8Bytes, utf8Text } from './utf8.ts';

/** The bytes, or the configuration, break a rule of the format: named in the message. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

const version = 1;
/** Members in one list; far above what an election could serve. */
const membersMax = 64;
/** Bytes of one id or address. */
const textMax = 1024;

/**
 * One configuration has one encoding: version, then voters, outgoing and learners, each a count and its members in
 * their order; texts are UTF-8 behind two bytes of length. Throws a `ConfigurationError` for what could not be decoded.
 */
export function encodeConfiguration(configuration: Configuration): Uint8Array {
  check(configuration);
  const bytes: number[] = [version];
  for (const members of [configuration.voters, configuration.outgoing]) {
    bytes.push(members.length);
    for (const member of members) putMember(bytes, member);
  }
  bytes.push(configuration.learners.length);
  for (const learner of configuration.learners) {
    putMember(bytes, learner);
    putText(bytes, learner.replaces ?? '');
  }
  return Uint8Array.from(bytes);
}

/** The inverse. Throws a `ConfigurationError` for anything that `encodeConfiguration` would not have made. */
export function decodeConfiguration(bytes: Uint8Array): Configuration {
  const reader = new Reader(bytes);
  const found = reader.byte();
  if (found !== version) throw new ConfigurationError(`version ${version} of the format is expected, ${found} came`);
  const voters = reader.list(() => reader.member());
  const outgoing = reader.list(() => reader.member());
  const learners = reader.list((): Learner => {
    const member = reader.member();
    const replaces = reader.text();
    return { ...member, replaces: replaces === '' ? undefined : replaces };
  });
  reader.end();
  const configuration = { voters, outgoing, learners };
  check(configuration);
  return configuration;
}

function check({ voters, outgoing, learners }: Configuration): void {
  for (const members of [voters, outgoing, learners]) {
    if (members.length > membersMax) throw new ConfigurationError(`${members.length} members, at most ${membersMax}`);
    const ids = new Set<string>();
    for (const { id } of members) {
      if (id === '') throw new ConfigurationError('a member has no id');
      if (ids.has(id)) throw new ConfigurationError(`member ${id} stands twice in one list`);
      ids.add(id);
    }
  }
  if (voters.length === 0 && outgoing.length > 0) throw new ConfigurationError('outgoing voters without incoming ones');
  for (const { id, replaces } of learners) {
    if ([...voters, ...outgoing].some((voter) => voter.id === id)) {
      throw new ConfigurationError(`member ${id} is voter and learner`);
    }
    if (replaces !== undefined && !voters.some((voter) => voter.id === replaces)) {
      throw new ConfigurationError(`learner ${id} waits for the place of ${replaces}, which is not a voter`);
    }
  }
}

function putMember(bytes: number[], member: Member): void {
  putText(bytes, member.id);
  putText(bytes, member.address);
}

function putText(bytes: number[], text: string): void {
  const encoded = utf8Bytes(text);
  if (encoded === undefined) throw new ConfigurationError('an id or address is not well-formed text');
  if (encoded.length > textMax) throw new ConfigurationError(`a text of ${encoded.length} bytes, at most ${textMax}`);
  bytes.push(encoded.length >>> 8, encoded.length & 0xff, ...encoded);
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new ConfigurationError(`the encoding ends at byte ${this.#at}, more is expected`);
    this.#at += 1;
    return byte;
  }

  list<T>(item: () => T): readonly T[] {
    const length = this.byte();
    if (length > membersMax) throw new ConfigurationError(`${length} members, at most ${membersMax}`);
    return Array.from({ length }, item);
  }

  member(): Member {
    return { id: this.text(), address: this.text() };
  }

  text(): string {
    const length = this.byte() * 256 + this.byte();
    if (length > textMax) throw new ConfigurationError(`a text of ${length} bytes, at most ${textMax}`);
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new ConfigurationError(`a text ends at byte ${end}, after the encoding`);
    const text = utf8Text(this.#bytes.subarray(this.#at, end));
    if (text === undefined) throw new ConfigurationError(`the text at byte ${this.#at} is not UTF-8`);
    this.#at = end;
    return text;
  }

  end(): void {
    const rest = this.#bytes.length - this.#at;
    if (rest > 0) throw new ConfigurationError(`${rest} bytes follow the configuration`);
  }
}
