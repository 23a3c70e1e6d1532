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
}

type Draft = { -readonly [K in keyof HoldOptions]: HoldOptions[K] };

/** Numbers of options, for ever: they stand in logs and checkpoints. */
const numberOf = { metadata: 1, queueLengthMax: 2, holdMsMax: 3, delayMs: 4 } as const;

/** Number and value of each option that there is, by rising number: the same for equal options. */
export function optionCells({ metadata, queueLengthMax, holdMsMax, delayMs }: HoldOptions): RowCell[] {
  const cells: RowCell[] = [];
  if (metadata !== undefined) cells.push(numberOf.metadata, metadata);
  if (queueLengthMax !== undefined) cells.push(numberOf.queueLengthMax, queueLengthMax);
  if (holdMsMax !== undefined) cells.push(numberOf.holdMsMax, holdMsMax);
  if (delayMs !== undefined) cells.push(numberOf.delayMs, delayMs);
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
    default:
      throw new FieldError(`option ${number} is not known, expected 1 to 4`);
  }
}

/** Whether a repeated request says the same. */
export function areSameOptions(one: HoldOptions | undefined, other: HoldOptions | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  const cells = optionCells(other);
  return optionCells(one).every((cell, at) => cell === cells[at]) && optionCells(one).length === cells.length;
}
