import { Packr } from 'msgpackr';
import type { Configuration, Learner, Member, SnapshotHead } from '../raft/index.ts';
import { corrupt } from './errors.ts';

/** What a table's database says of its rows. */
export interface TableHead {
  readonly head: SnapshotHead;
  /** Number of rows, and the sum of their checksums modulo 2^32: a row that vanished or came back changes them. */
  readonly rowCount: number;
  readonly rowSum: number;
}

const packr = new Packr({ useRecords: false });

const packMember = (member: Member): unknown => [member.id, member.address];
const packLearner = (learner: Learner): unknown => [learner.id, learner.address, learner.replaces ?? null];

export function encodeTableHead({ head, rowCount, rowSum }: TableHead): Uint8Array {
  const { position, configuration: at } = head;
  const { voters, outgoing, learners } = at.configuration;
  return packr.pack([
    [position.index, position.term, position.chain],
    at.index,
    [voters.map(packMember), outgoing.map(packMember), learners.map(packLearner)],
    rowCount,
    rowSum,
  ]);
}

/** Throws `CORRUPT_STORAGE` for anything but what `encodeTableHead` made. */
export function decodeTableHead(bytes: Uint8Array): TableHead {
  const [position, index, members, rowCount, rowSum] = list(unpack(bytes), 5);
  const [at, term, chain] = list(position, 3);
  return {
    head: {
      position: { index: count(at), term: count(term), chain: count(chain) },
      configuration: { index: count(index), configuration: configurationOf(members) },
    },
    rowCount: count(rowCount),
    rowSum: count(rowSum),
  };
}

function configurationOf(packed: unknown): Configuration {
  const [voters, outgoing, learners] = list(packed, 3);
  return {
    voters: list(voters).map(memberOf),
    outgoing: list(outgoing).map(memberOf),
    learners: list(learners).map((learner) => {
      const [id, address, replaces] = list(learner, 3);
      return { id: text(id), address: text(address), replaces: replaces === null ? undefined : text(replaces) };
    }),
  };
}

function memberOf(packed: unknown): Member {
  const [id, address] = list(packed, 2);
  return { id: text(id), address: text(address) };
}

function unpack(bytes: Uint8Array): unknown {
  try {
    return packr.unpack(bytes);
  } catch (error) {
    throw corrupt('the head of the table cannot be decoded', error);
  }
}

function list(value: unknown, length?: number): readonly unknown[] {
  if (Array.isArray(value) && (length === undefined || value.length === length)) return value;
  throw corrupt('the head of the table has another shape');
}

function count(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw corrupt('the head of the table has no number where one belongs');
}

function text(value: unknown): string {
  if (typeof value === 'string') return value;
  throw corrupt('the head of the table has no text where one belongs');
}
