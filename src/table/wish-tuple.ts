import type { RowCell } from './changed-rows.ts';
import type { AcquireAll, Part } from './command.ts';
import * as field from './fields.ts';
import { FieldError } from './fields.ts';
import { type HoldOptions, optionCells, optionsField } from './hold-options.ts';
import { partsMax } from './limits.ts';
import { modeField } from './modes.ts';

/** What the layouts of requests for any kinds of locks differ in. */
export type WishedHolds = Pick<AcquireAll, 'owner' | 'reenters' | 'parts' | 'options'>;

/** What follows in the layout of a request without an owner. */
export const parseUnowned = (cells: readonly unknown[]): WishedHolds => ({
  owner: undefined,
  reenters: false,
  parts: parseParts(cells),
});

/** What follows in the layout of one with an owner. */
export function parseOwned([owner, reenters, ...cells]: readonly unknown[]): WishedHolds {
  const parts = parseParts(cells);
  const read = { owner: field.owner(owner, 'its owner'), reenters: field.flag(reenters, 'its reenters'), parts };
  if (read.reenters && (parts.length > 1 || parts[0]?.mode !== 'X')) {
    throw new FieldError('its reenters is true, expected so of one exclusive lock alone');
  }
  return read;
}

/** What follows in the layout of one with options; its owner is null if it has none. */
export function parseWithOptions([owner, reenters, count, ...cells]: readonly unknown[]): WishedHolds {
  const width = field.positive(count, 'its number of option values');
  const options = optionsField(cells.slice(0, width), 'its options');
  const rest = cells.slice(width);
  if (owner !== null) return { ...parseOwned([owner, reenters, ...rest]), options };
  if (reenters !== false) throw new FieldError('its reenters is not false, though it has no owner');
  return { ...parseUnowned(rest), options };
}

/** Read back by `parseWithOptions`. */
export function wishCells({
  owner,
  reenters,
  options,
  parts,
}: WishedHolds & { readonly options: HoldOptions }): RowCell[] {
  const cells = optionCells(options);
  return [owner ?? null, reenters, cells.length, ...cells, ...partCells(parts)];
}

const partWidth = 4;

/** Four values for each part. */
export const partCells = (parts: readonly Part[]): RowCell[] =>
  parts.flatMap(({ name, mode, permits, limit }) => [name, mode, permits, limit]);

/** Throws a `FieldError` unless they are those of 1 to `partsMax` locks of different names. */
function parseParts(cells: readonly unknown[]): readonly Part[] {
  const count = cells.length / partWidth;
  if (!Number.isInteger(count) || count < 1 || count > partsMax) {
    throw new FieldError(`its parts have ${cells.length} values, expected ${partWidth} for each of 1 to ${partsMax}`);
  }
  const parts = Array.from({ length: count }, (_, at) => parsePart(cells.slice(at * partWidth, (at + 1) * partWidth)));
  if (new Set(parts.map(({ name }) => name)).size < count)
    throw new FieldError('two of its parts have one name, expected different ones');
  return parts;
}

function parsePart([name, modeCell, permitsCell, limitCell]: readonly unknown[]): Part {
  const mode = modeField(modeCell, "a part's mode");
  const isSemaphore = mode === 'S';
  const permits = field.permits(permitsCell, "a part's permits");
  const limit = isSemaphore
    ? field.permits(limitCell, "a part's limit")
    : field.nonNegative(limitCell, "a part's limit");
  if (isSemaphore ? permits > limit : permits !== 1 || limit !== 0) {
    throw new FieldError(`a part in mode ${mode} has ${permits} of ${limit} permits, which is not possible`);
  }
  return { name: field.lockName(name, "a part's name"), mode, permits, limit };
}
