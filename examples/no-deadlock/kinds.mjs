/** Twenty names; the kind of each is fixed by its place. */
export const names = Array.from({ length: 20 }, (_, at) => `crossing/${at}`);

/** Permits in all of each semaphore. */
export const permitsInAll = 3;

/** What kind of lock a name is. */
export const kindOf = (name) => ['exclusive', 'reader-writer', 'semaphore'][names.indexOf(name) % 3];
