import type { RowCell } from './changed-rows.ts';
import * as field from './fields.ts';
import { FieldError } from './fields.ts';

/** What a request may say of the holds that it asks for. None of it changes who is next. */
export interface HoldOptions {
  /** For people and programs that look at the lock; the table does not read it. At most `metadataBytesMax`. */
  readonly metadata?: string | undefined;
  /** The request is refused rather than put into a queue in which so many wait already. */
  readonly queueLengthMax?: number | undefined;
  /**
   * The longest that the hold may last from when its holder says that it has `begun`, in ms. Decides nothing by itself: it
   * is the leader that says `overdue`.
   */
  readonly holdMsMax?: number | undefined;
  /**
   * How long nobody is granted the name after the hold has ended against its holder's will, in ms; at most `delayMsMax`.
   * It is the leader that says `delay-over`.
   */
  readonly delayMs?: number | undefined;
  /** 128 random bits in hex: whoever names it, in any session, takes the hold over; see `TakeOver`. Goes into no view. */
  readonly secret?: string | undefined;
  /** The hold outlives its session, and then belongs to none until somebody takes it over. Only with a secret. */
  readonly sticky?: true | undefined;
}

type Draft = { -readonly [K in keyof HoldOptions]: HoldOptions[K] };

/** Numbers of options, for ever: they stand in logs and checkpoints. */
const numberOf = { metadata: 1, queueLengthMax: 2, holdMsMax: 3, delayMs: 4, secret: 5, sticky: 6 } as const;

/** Number and value of each option that there is, by rising number: the same for equal options. */
export function optionCells(options: HoldOptions): RowCell[] {
  const { metadata, queueLengthMax, holdMsMax, delayMs, secret, sticky } = options;
  const cells: RowCell[] = [];
  if (metadata !== undefined) cells.push(numberOf.metadata, metadata);
  if (queueLengthMax !== undefined) cells.push(numberOf.queueLengthMax, queueLengthMax);
  if (holdMsMax !== undefined) cells.push(numberOf.holdMsMax, holdMsMax);
  if (delayMs !== undefined) cells.push(numberOf.delayMs, delayMs);
  if (secret !== undefined) cells.push(numberOf.secret, secret);
  if (sticky === true) cells.push(numberOf.sticky, true);
  return cells;
}

/** Options as `optionCells` wrote them: at least one, none of them twice. An option of a later version is refused. */
export const optionsField: field.Field<HoldOptions> = (value, what) => {
  const cells = field.tuple(value, what);
  if (cells.length === 0 || cells.length % 2 > 0) {
    throw new FieldError(`${what} have ${cells.length} values, expected 2 for each of at least one option`);
  }
  const options: Draft = {};
  let last = 0;
  for (let at = 0; at < cells.length; at += 2) {
    const number = field.positive(cells[at], 'the number of an option');
    if (number <= last) throw new FieldError(`option ${number} comes after option ${last}, expected rising numbers`);
    last = number;
    readOption(options, number, cells[at + 1]);
  }
  if (options.sticky === true && options.secret === undefined)
    throw new FieldError(`${what} are sticky without a secret`);
  return options;
};

function readOption(options: Draft, number: number, cell: unknown): void {
  switch (number) {
    case numberOf.metadata:
      options.metadata = field.metadata(cell, 'its metadata');
      break;
    case numberOf.queueLengthMax:
      options.queueLengthMax = field.nonNegative(cell, 'its longest queue');
      break;
    case numberOf.holdMsMax:
      options.holdMsMax = field.holdMs(cell, 'its longest hold');
      break;
    case numberOf.delayMs:
      options.delayMs = field.delayMs(cell, 'its delay');
      break;
    case numberOf.secret:
      options.secret = field.nonce(cell, 'its secret');
      break;
    case numberOf.sticky:
      if (cell !== true) throw new FieldError(`its stickiness is ${field.shown(cell)}, expected true`);
      options.sticky = cell;
      break;
    default:
      throw new FieldError(`option ${number} is not known, expected 1 to 6`);
  }
}

/** Whether a repeated request says the same. */
export function areSameOptions(one: HoldOptions | undefined, other: HoldOptions | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  const cells = optionCells(other);
  return optionCells(one).every((cell, at) => cell === cells[at]) && optionCells(one).length === cells.length;
}
