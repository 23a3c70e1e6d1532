import type { Place } from './mutant.ts';

/** The source with the bug in it; throws if the place is not there exactly once: then the mutant proves nothing. */
export function planted({ id, file, find, plant }: Place, source: string): string {
  const places = source.split(find).length - 1;
  if (places !== 1) throw new Error(`mutant ${id}: its place stands ${places} times in ${file}, expected once`);
  return source.split(find).join(plant);
}
