/** Names of one part of the alphabet, in code unit order. An absent bound does not bind. */
export interface NameRange {
  readonly from: string;
  readonly after: string | undefined;
  readonly below: string | undefined;
}

/** All names that begin with `prefix`, and come after `after`. */
export function rangeOf(prefix: string, after: string | undefined): NameRange {
  // The names with a prefix lie between it and the same with its last unit raised; a unit that cannot rise is dropped.
  let end = prefix.length;
  while (end > 0 && prefix.charCodeAt(end - 1) === 0xffff) end -= 1;
  if (end === 0) return { from: prefix, after, below: undefined };
  return { from: prefix, after, below: prefix.slice(0, end - 1) + String.fromCharCode(prefix.charCodeAt(end - 1) + 1) };
}

/**
 * The `count` smallest names of the range, in code unit order. Compares each name two or three times and holds at most
 * `2 * count` of them, so that a page out of a million names sorts a page, not the million.
 */
export function smallest(names: Iterable<string>, { from, after, below }: NameRange, count: number): readonly string[] {
  let chosen: string[] = [];
  let bound = below;
  for (const name of names) {
    if (name < from || (bound !== undefined && name >= bound) || (after !== undefined && name <= after)) continue;
    chosen.push(name);
    if (chosen.length < 2 * count) continue;
    chosen = page(chosen, count);
    // Nothing above the last of a full page can come into the answer.
    bound = chosen.at(-1);
  }
  return page(chosen, count);
}

// The default order of `sort` is that of code units, on every machine and in every language.
const page = (names: string[], count: number): string[] => names.sort().slice(0, count);
