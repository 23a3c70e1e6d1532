import { type FileHandle, open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import type { Chain, HardState, LogIndex } from '../raft/index.ts';
import { readIndex, writeIndex } from './chain.ts';
import { exists, type Layout, syncDirectory } from './data-directory.ts';
import { corrupt, demand } from './errors.ts';
import { type Owner, recordVersion } from './record.ts';

/** How far this node's log once reached, kept outside LevelDB: a log that is behind it has lost something. */
export interface Mark {
  readonly hardState: HardState;
  readonly index: LogIndex;
  /** The chain at `index`; absent while a truncation below it is under way. */
  readonly chain: Chain | undefined;
}

interface Slot {
  readonly sequence: number;
  readonly owner: Owner;
  readonly mark: Mark;
}

/** Well within a sector of any disk, so that a slot is torn at most where nobody relies on it yet. */
const slotBytes = 1_024;
/** version, spare, length of the vote, owner, sequence, term, index, whether there is a chain, chain, crc32 */
const headBytes = 41;
const crcAt = 37;
const noVote = 0xffff;

/** Two files written by turns, so that a torn one leaves the other, which holds all that was acknowledged. */
export class WatermarkFile {
  readonly #handles: readonly [FileHandle, FileHandle];
  readonly #owner: Owner;
  #sequence: number;

  private constructor(handles: readonly [FileHandle, FileHandle], owner: Owner, sequence: number) {
    this.#handles = handles;
    this.#owner = owner;
    this.#sequence = sequence;
  }

  /** Makes both files, durably, with `mark` in them. */
  static async create(layout: Layout, owner: Owner, mark: Mark): Promise<WatermarkFile> {
    const file = new WatermarkFile(await openBoth(layout, 'w+'), owner, 0);
    await file.write(mark);
    await file.write(mark);
    await syncDirectory(layout.root);
    return file;
  }

  /** Opens both and reads the newer mark. Throws `CORRUPT_STORAGE` if one is gone or none is whole. */
  static async open(layout: Layout, owner: Owner): Promise<{ readonly file: WatermarkFile; readonly mark: Mark }> {
    const newest = await readNewest(layout);
    if (newest.owner !== owner) throw corrupt('the watermark belongs to another node or another life of this one');
    return { file: new WatermarkFile(await openBoth(layout, 'r+'), owner, newest.sequence), mark: newest.mark };
  }

  /** The newest mark that can be read, whoever it belongs to; one file may be gone or torn, or both. */
  static async peek(layout: Layout): Promise<Mark | undefined> {
    let newest: Slot | undefined;
    for (const path of layout.watermarks) {
      const slot = (await exists(path)) ? await readSlot(path) : undefined;
      if (slot !== undefined && slot.sequence > (newest?.sequence ?? 0)) newest = slot;
    }
    return newest?.mark;
  }

  /** Durable when it resolves. Calls must not overlap. */
  async write(mark: Mark): Promise<void> {
    const sequence = this.#sequence + 1;
    const handle = this.#handles[sequence % 2 === 0 ? 0 : 1];
    const slot = encodeSlot({ sequence, owner: this.#owner, mark });
    await handle.write(slot, 0, slot.length, 0);
    await handle.datasync();
    this.#sequence = sequence;
  }

  async close(): Promise<void> {
    for (const handle of this.#handles) await handle.close();
  }
}

async function openBoth(layout: Layout, flags: 'w+' | 'r+'): Promise<readonly [FileHandle, FileHandle]> {
  const [a, b] = layout.watermarks;
  const first = await open(a, flags, 0o600);
  try {
    return [first, await open(b, flags, 0o600)];
  } catch (error) {
    await first.close();
    throw error;
  }
}

async function readNewest(layout: Layout): Promise<Slot> {
  let newest: Slot | undefined;
  for (const path of layout.watermarks) {
    if (!(await exists(path))) throw corrupt(`${path} is missing`);
    const slot = await readSlot(path);
    if (slot !== undefined && slot.sequence > (newest?.sequence ?? 0)) newest = slot;
  }
  if (newest === undefined) throw corrupt('neither watermark file is whole');
  return newest;
}

/** One file's slot; undefined if it is torn or damaged, which a single one may be. */
async function readSlot(path: string): Promise<Slot | undefined> {
  const handle = await open(path, 'r');
  try {
    const slot = Buffer.alloc(slotBytes);
    const { bytesRead } = await handle.read(slot, 0, slotBytes, 0);
    return bytesRead === slotBytes ? decodeSlot(slot) : undefined;
  } finally {
    await handle.close();
  }
}

function encodeSlot({ sequence, owner, mark }: Slot): Buffer {
  const vote = Buffer.from(mark.hardState.votedFor ?? '', 'utf8');
  demand(headBytes + vote.length <= slotBytes, `a member's id of ${vote.length} bytes does not fit the watermark`);
  const slot = Buffer.alloc(slotBytes);
  slot[0] = recordVersion;
  slot.writeUInt16BE(mark.hardState.votedFor === undefined ? noVote : vote.length, 2);
  slot.writeUInt32BE(owner, 4);
  writeIndex(slot, sequence, 8);
  writeIndex(slot, mark.hardState.term, 16);
  writeIndex(slot, mark.index, 24);
  slot[32] = mark.chain === undefined ? 0 : 1;
  slot.writeUInt32BE(mark.chain ?? 0, 33);
  slot.set(vote, headBytes);
  slot.writeUInt32BE(crcOf(slot), crcAt);
  return slot;
}

const crcOf = (slot: Buffer): number => crc32(slot.subarray(headBytes), crc32(slot.subarray(0, crcAt)));

function decodeSlot(slot: Buffer): Slot | undefined {
  if (slot[0] !== recordVersion || slot.readUInt32BE(crcAt) !== crcOf(slot)) return undefined;
  const voteBytes = slot.readUInt16BE(2);
  const votedFor = voteBytes === noVote ? undefined : slot.toString('utf8', headBytes, headBytes + voteBytes);
  return {
    sequence: readIndex(slot, 8),
    owner: slot.readUInt32BE(4),
    mark: {
      hardState: { term: readIndex(slot, 16), votedFor },
      index: readIndex(slot, 24),
      chain: slot[32] === 1 ? slot.readUInt32BE(33) : undefined,
    },
  };
}
