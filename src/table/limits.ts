/**
 * Decides what is refused, so it is part of the replicated machine: every node of a cluster must be given the same
 * limits, or their tables drift apart.
 */
export interface TableLimits {
  /** An acquire by a session with this many holds is refused. Waiters granted later may stand above it. */
  readonly holdsPerSessionMax: number;
  readonly waitersPerSessionMax: number;
  /** Requests above the mark that a session may have remembered. Cancels and releases get twice the room of acquires. */
  readonly answersPerSessionMax: number;
  readonly sessionsMax: number;
  /** Names that are held at one time. */
  readonly locksMax: number;
  /** Sticky holds, and requests that wait for one: no session bounds them. */
  readonly stickyMax: number;
  /** Node ids that ever started. */
  readonly nodesMax: number;
  readonly registersMax: number;
  /** In UTF-8, of the names and values of all registers. */
  readonly registerBytesMax: number;
}

export const defaultTableLimits: TableLimits = {
  holdsPerSessionMax: 10_000,
  waitersPerSessionMax: 10_000,
  answersPerSessionMax: 40_000,
  sessionsMax: 10_000,
  locksMax: 2_000_000,
  stickyMax: 100_000,
  nodesMax: 100_000,
  registersMax: 100_000,
  registerBytesMax: 67_108_864,
};

/** What a `limit-exceeded` answer calls the limit. */
export type LimitName =
  | 'holds per session'
  | 'waiters per session'
  | 'answers per session'
  | 'locks'
  | 'sticky holds'
  | 'ms of session TTL under its maxHold'
  | 'registers'
  | 'bytes of registers';

/** In bytes of UTF-8. */
export const nameBytesMax = 512;

/** In bytes of UTF-8. */
export const labelBytesMax = 256;

/** Locks in one request. */
export const partsMax = 64;

/** Of a deadlock's cycle, as far as it is told. */
export const cycleStepsMax = 16;

/** In bytes of UTF-8. */
export const ownerBytesMax = 256;

/** Of a hold's metadata, in bytes of UTF-8. */
export const metadataBytesMax = 1_024;
/** Of a register; in bytes of UTF-8. */
export const valueBytesMax = 4_096;
/** Whoever meddles with what others hold; in bytes of UTF-8. */
export const actorBytesMax = 256;

/** Why; in bytes of UTF-8. */
export const reasonBytesMax = 512;

/** Of the holds that one command ends, or asks for, as far as its answer tells them. */
export const tokensToldMax = 1_000;

/** Holds ended by force that are remembered of one session until it has heard; beyond it the one with the lowest token is forgotten. */
export const lossesKeptMax = 1_000;

/** Of a semaphore. */
export const permitsMax = 2_147_483_647;

export const ttlMsMin = 1_000;

/** Of a bound on one hold, which must leave room for clocks that differ. */
export const holdMsMin = 1_000;

export const ttlMsMax = 3_600_000;

/** How long a name may stay unavailable after a hold of it. */
export const delayMsMax = 3_600_000;

/**
 * Why `name` is no lock's name, in words that follow "the name is"; undefined if it is one. Names are compared code
 * unit by code unit: nothing is normalised (SEMANTICS 8).
 */
export function validateName(name: unknown): string | undefined {
  if (typeof name !== 'string') return `${name === null ? 'null' : typeof name}, not a string`;
  if (name === '') return 'empty';
  if (name.startsWith('$')) return 'reserved: it begins with "$"';
  return validateText(name, nameBytesMax);
}

/** Why `owner` is none, in words that follow "the owner is"; undefined if it is one. */
export function validateOwner(owner: unknown): string | undefined {
  if (typeof owner !== 'string') return `${owner === null ? 'null' : typeof owner}, not a string`;
  return owner === '' ? 'empty' : validateText(owner, ownerBytesMax);
}

/** Why `metadata` is none, in words that follow "the metadata is"; undefined if it is. Line ends and the like may stand in it. */
export function validateMetadata(metadata: unknown): string | undefined {
  if (typeof metadata !== 'string') return `${metadata === null ? 'null' : typeof metadata}, not a string`;
  return validateText(metadata, metadataBytesMax, true);
}

/** Why `value` is none of a register, in words that follow "the value is"; undefined if it is one. Any character may be in it. */
export function validateValue(value: unknown): string | undefined {
  if (typeof value !== 'string') return `${value === null ? 'null' : typeof value}, not a string`;
  if (value.length > valueBytesMax)
    return `too long: ${value.length} characters, at most ${valueBytesMax} bytes of UTF-8`;
  const bytes = utf8Length(value);
  if (bytes === undefined) return 'not well-formed Unicode: it has a lone surrogate';
  return bytes > valueBytesMax ? `too long: ${bytes} bytes of UTF-8, at most ${valueBytesMax}` : undefined;
}

/** Bytes of a text in UTF-8; undefined if it has a lone surrogate. */
export function utf8Length(text: string): number | undefined {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (code >= 0xd800 && code <= 0xdfff) return undefined;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x1_0000 ? 3 : 4;
  }
  return bytes;
}

/** Why `actor` is none, in words that follow "the actor is"; undefined if it is one. */
export function validateActor(actor: unknown): string | undefined {
  if (typeof actor !== 'string') return `${actor === null ? 'null' : typeof actor}, not a string`;
  return actor === '' ? 'empty' : validateText(actor, actorBytesMax);
}

/** Why `reason` is none, in words that follow "the reason is"; undefined if it is one. */
export function validateReason(reason: unknown): string | undefined {
  if (typeof reason !== 'string') return `${reason === null ? 'null' : typeof reason}, not a string`;
  return validateText(reason, reasonBytesMax);
}

/** The part of `validateName` that also binds labels: length, control characters, surrogates. */
export function validateText(text: string, bytesMax: number, mayControl = false): string | undefined {
  // A code unit is at least one byte, so a huge string is refused without being walked.
  if (text.length > bytesMax) return `too long: ${text.length} characters, at most ${bytesMax} bytes of UTF-8`;
  let bytes = 0;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (!mayControl && isControl(unit)) return `not printable: control character ${codePoint(unit)} at ${at}`;
    if (isLowSurrogate(unit) || (isHighSurrogate(unit) && !isLowSurrogate(text.charCodeAt(at + 1)))) {
      return `not well-formed Unicode: lone surrogate ${codePoint(unit)} at ${at}`;
    }
    bytes += utf8Bytes(unit);
    if (isHighSurrogate(unit)) at += 1;
  }
  return bytes > bytesMax ? `too long: ${bytes} bytes of UTF-8, at most ${bytesMax}` : undefined;
}

const isControl = (unit: number): boolean => unit < 0x20 || (unit >= 0x7f && unit <= 0x9f);

const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;

const isLowSurrogate = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff;

/** A high surrogate counts for its whole pair. */
function utf8Bytes(unit: number): number {
  if (unit < 0x80) return 1;
  if (unit < 0x800) return 2;
  return isHighSurrogate(unit) ? 4 : 3;
}

const codePoint = (unit: number): string => `U+${unit.toString(16).toUpperCase().padStart(4, '0')}`;
