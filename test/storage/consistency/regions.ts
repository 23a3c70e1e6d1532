/** A stretch of bytes of a file that means one thing. */
export interface Region {
  readonly file: string;
  /** The class of bytes: the same in every file of that kind. */
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

/** A region by its place in something that is itself a part of a file. */
export interface Part {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

/** Names stretches of bytes one after the other. */
export class Naming {
  readonly parts: Part[] = [];
  at: number;

  constructor(at = 0) {
    this.at = at;
  }

  take(name: string, length: number): void {
    if (length > 0) this.parts.push({ name, from: this.at, to: this.at + length });
    this.at += length;
  }

  /** A number of 7 bits a byte, named; its value. */
  number(name: string, bytes: Buffer): number {
    let value = 0;
    for (let scale = 1, at = this.at; ; scale *= 128, at += 1) {
      const byte = bytes.readUInt8(at);
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        this.take(name, at - this.at + 1);
        return value;
      }
    }
  }
}

/** The bytes of a write batch of ours: LevelDB's head, and each record with the fields that we gave it. */
export function batchParts(batch: Buffer): readonly Part[] {
  const naming = new Naming();
  naming.take('sequence', 8);
  naming.take('count', 4);
  while (naming.at < batch.length) {
    const isPut = batch.readUInt8(naming.at) === 1;
    naming.take('operation', 1);
    const keyBytes = naming.number('length of a key', batch);
    const tag = batch.readUInt8(naming.at);
    naming.take(isPut ? 'key' : 'key of a deletion', keyBytes);
    if (!isPut) continue;
    const valueBytes = naming.number('length of a value', batch);
    nameValue(naming, tag, valueBytes);
  }
  return naming.parts;
}

function nameValue(naming: Naming, tag: number, length: number): void {
  const end = naming.at + length;
  const what = { 1: 'bounds', 2: 'hard state', 16: 'entry', 32: 'head of the table', 48: 'row' }[tag] ?? `tag ${tag}`;
  const fields =
    what === 'entry'
      ? ([
          ['version', 1],
          ['kind', 1],
          ['spare', 2],
          ['owner', 4],
          ['term', 8],
          ['index', 8],
          ['length', 4],
          ['chain', 4],
          ['checksum', 4],
        ] as const)
      : ([
          ['version', 1],
          ['owner', 4],
          ['checksum', 4],
        ] as const);
  for (const [field, bytes] of fields) naming.take(`${field} of ${what}`, bytes);
  if (what === 'bounds') for (const part of ['base', 'last']) naming.take(`${part} of the bounds`, 20);
  if (what === 'hard state') naming.take('term of hard state', 8);
  naming.take(what === 'entry' ? 'payload' : `body of ${what}`, end - naming.at);
}

/** The fields of an edit in a MANIFEST. */
export function editParts(edit: Buffer): readonly Part[] {
  const naming = new Naming();
  const slice = (name: string): void => naming.take(name, naming.number(`length of ${name}`, edit));
  while (naming.at < edit.length) {
    const tag = naming.number('tag', edit);
    if (tag === 1) slice('comparator');
    else if (tag === 2) naming.number('log number', edit);
    else if (tag === 3) naming.number('next file', edit);
    else if (tag === 4) naming.number('last sequence', edit);
    else if (tag === 9) naming.number('previous log number', edit);
    else if (tag === 5) {
      naming.number('level', edit);
      slice('compaction pointer');
    } else if (tag === 6) {
      naming.number('level', edit);
      naming.number('deleted file', edit);
    } else if (tag === 7) {
      naming.number('level', edit);
      naming.number('new file', edit);
      naming.number('size of a file', edit);
      slice('smallest key');
      slice('largest key');
    } else throw new Error(`an edit with a field ${tag}`);
  }
  return naming.parts;
}

/** Where each field of a watermark stands. */
export const watermarkParts: readonly Part[] = (() => {
  const naming = new Naming();
  const fields = { version: 1, spare: 1, 'length of the vote': 2, owner: 4, sequence: 8, term: 8, index: 8 } as const;
  for (const [name, bytes] of Object.entries(fields)) naming.take(name, bytes);
  naming.take('whether there is a chain', 1);
  naming.take('chain', 4);
  naming.take('checksum', 4);
  naming.take('vote', 3);
  naming.take('rest of the slot', 1_024 - naming.at);
  return naming.parts;
})();

/** Every name and value of `identity.json`, and what stands between. */
export function identityParts(file: Buffer): readonly Part[] {
  const text = file.toString('latin1');
  const fields = [...text.matchAll(/"(\w+)": ("[^"]*"|\w+)/g)].flatMap((match) => {
    const [, name = '', value = ''] = match;
    const valueAt = match.index + match[0].length - value.length;
    return [
      { name: `name of ${name}`, from: match.index + 1, to: match.index + 1 + name.length },
      { name, from: valueAt, to: valueAt + value.length },
      { name: 'punctuation', from: match.index + name.length + 2, to: valueAt },
    ];
  });
  return [
    ...fields,
    { name: 'punctuation', from: 0, to: 2 },
    { name: 'punctuation', from: file.length - 3, to: file.length },
  ];
}
