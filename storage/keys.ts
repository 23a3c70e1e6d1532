/** First bytes of keys. Never renumbered: they are on disks. */
const tag = { head: 0x20, row: 0x30 } as const;

/** The checkpoint that the rows are a picture of; in the table's database, before the rows. */
export const headKey: Buffer = Buffer.of(tag.head);

/** Rows stand under a tag of their own, so that no row can pass for what this floor keeps beside them. */
export function rowKey(key: Uint8Array): Buffer {
  const tagged = Buffer.allocUnsafe(key.length + 1);
  tagged[0] = tag.row;
  tagged.set(key, 1);
  return tagged;
}

export const rowsBegin: Buffer = Buffer.of(tag.row);
export const rowsEnd: Buffer = Buffer.of(tag.row + 1);

/** What a key stands for, for people. */
export function nameOf(key: Buffer): string {
  if (key.equals(headKey)) return '"head of the table"';
  return key[0] === tag.row ? `of row ${key.toString('hex', 1)}` : key.toString('hex');
}
