import type { AcquireAll, Command, Guarded, HoldName, OpenSession } from './command.ts';
import * as field from './fields.ts';
import { FieldError } from './fields.ts';
import { parseBegun, parseDowngrade, parseProclaim, parseTakeOver, parseUpgrade } from './hold-tuple.ts';
import { exclusiveField } from './modes.ts';
import { isOrderLayout, orderCells, parseOrder } from './order-tuple.ts';
import { markBelow, parseTurn } from './turn.ts';
import { parseOwned, parseUnowned, parseWithOptions, partCells, type WishedHolds, wishCells } from './wish-tuple.ts';
import { parseWrite, writeTuple } from './write-tuple.ts';

export type Scalar = string | number | boolean | null;

/** A command as it stands in the log. The first value says the layout; a changed layout takes a new number. */
export type CommandTuple = readonly Scalar[];

/** No command of this version: never proposed; in a committed entry it must stop the node. */
export interface Malformed {
  readonly kind: 'malformed';
  /** What was expected and what came. */
  readonly reason: string;
}

/** Layout numbers, for ever: they stand in logs. */
export const layout = {
  started: 1,
  open: 2,
  close: 3,
  expire: 4,
  acquire: 5,
  cancel: 6,
  release: 7,
  acquireAll: 8,
  upgrade: 9,
  downgrade: 10,
  limit: 11,
  acquireAllForOwner: 12,
  acquireAllWithOptions: 13,
  begun: 14,
  overdue: 15,
  delayOver: 16,
  takeOver: 17,
  proclaim: 30,
  guarded: 40,
  /** Behind a guard only. */
  write: 41,
} as const;

/** The command as a flat tuple that `parseCommand` reads back to an equal command. */
export function commandTuple(command: Command): CommandTuple {
  switch (command.kind) {
    case 'started':
      return [layout.started, command.node, command.incarnation, command.run, command.boot];
    case 'open':
      return [layout.open, command.nonce, command.ttlMs, command.label, ...homeTuple(command.home)];
    case 'close':
      return [layout.close, command.session];
    case 'expire':
      return [layout.expire, command.session, command.version];
    case 'acquire': {
      const { session, sequence, mark, name, mode, waits } = command;
      return [layout.acquire, session, sequence, mark, name, mode, waits];
    }
    case 'acquire-all':
      return acquireAllTuple(command);
    case 'upgrade': {
      const { session, sequence, mark, name, token, waits } = command;
      return [layout.upgrade, session, sequence, mark, name, token, waits];
    }
    case 'downgrade': {
      const { session, sequence, mark, name, token, to } = command;
      return [layout.downgrade, session, sequence, mark, name, token, to];
    }
    case 'limit':
      return [layout.limit, command.session, command.sequence, command.mark, command.name, command.limit];
    case 'begun':
      return [layout.begun, command.session, command.sequence, command.mark, command.name, command.token];
    case 'overdue':
      return [layout.overdue, command.name, command.token];
    case 'delay-over':
      return [layout.delayOver, command.name, command.token];
    case 'cancel':
      return [layout.cancel, command.session, command.sequence, command.mark, command.target];
    case 'release':
      return [layout.release, command.session, command.sequence, command.mark, command.name, command.token];
    case 'proclaim': {
      const { session, sequence, mark, name, token, metadata } = command;
      return [layout.proclaim, session, sequence, mark, name, token, metadata];
    }
    case 'take-over': {
      const { session, sequence, mark, name, secret, token } = command;
      return [layout.takeOver, session, sequence, mark, name, secret, token ?? null];
    }
    case 'guarded': {
      const { guard, request } = command;
      const inner = request.kind === 'write' ? [layout.write, ...writeTuple(request)] : commandTuple(request);
      return [layout.guarded, guard.name, guard.token, ...inner];
    }
    case 'force-release':
    case 'end-session':
    case 'request-revoke':
    case 'steal': {
      const [number = 0, ...cells] = orderCells(command);
      return [number, command.session, command.sequence, command.mark, ...cells];
    }
    default:
      return command satisfies never;
  }
}

function acquireAllTuple(command: AcquireAll): CommandTuple {
  const { session, sequence, mark, waits, owner, reenters, parts, options } = command;
  if (options !== undefined) {
    return [layout.acquireAllWithOptions, session, sequence, mark, waits, ...wishCells({ ...command, options })];
  }
  if (owner === undefined) return [layout.acquireAll, session, sequence, mark, waits, ...partCells(parts)];
  return [layout.acquireAllForOwner, session, sequence, mark, waits, owner, reenters, ...partCells(parts)];
}

/**
 * The one validator of commands: used before a command enters the log, and again on every node when it is applied.
 * Never throws, whatever is passed.
 */
export function parseCommand(tuple: unknown): Command | Malformed {
  try {
    return parse(tuple);
  } catch (error) {
    if (error instanceof FieldError) return { kind: 'malformed', reason: error.message };
    throw error;
  }
}

function parse(value: unknown): Command {
  const tuple = field.tuple(value, 'the command');
  switch (tuple[0]) {
    case layout.started:
      return parseStarted(tuple);
    case layout.open:
      return parseOpen(tuple);
    case layout.close: {
      const [, session] = field.tupleOf(tuple, 'a close', 2);
      return { kind: 'close', session: field.positive(session, 'its session') };
    }
    case layout.expire: {
      const [, session, version] = field.tupleOf(tuple, 'an expire', 3);
      return {
        kind: 'expire',
        session: field.positive(session, 'its session'),
        version: field.nonNegative(version, 'its version'),
      };
    }
    case layout.acquire:
      return parseAcquire(tuple);
    case layout.cancel:
      return parseCancel(tuple);
    case layout.release:
      return parseRelease(tuple);
    case layout.acquireAll:
    case layout.acquireAllForOwner:
    case layout.acquireAllWithOptions:
      return parseAcquireAll(tuple);
    case layout.upgrade:
      return parseUpgrade(tuple);
    case layout.downgrade:
      return parseDowngrade(tuple);
    case layout.limit:
      return parseLimit(tuple);
    case layout.begun:
      return parseBegun(tuple);
    case layout.overdue:
      return { kind: 'overdue', ...parseHold(tuple, 'an overdue') };
    case layout.delayOver:
      return { kind: 'delay-over', ...parseHold(tuple, 'a delay over') };
    case layout.proclaim:
      return parseProclaim(tuple);
    case layout.takeOver:
      return parseTakeOver(tuple);
    case layout.guarded:
      return parseGuarded(tuple);
    default:
      if (isOrderLayout(tuple[0])) return parseOperator(tuple);
      throw new FieldError(`the command's kind is ${field.shown(tuple[0])}, which is no command's`);
  }
}

function parseStarted(tuple: readonly unknown[]): Command {
  const [, node, incarnation, run, boot] = field.tupleOf(tuple, 'a started', 5);
  return {
    kind: 'started',
    node: field.nodeId(node, 'its node'),
    incarnation: field.nonce(incarnation, 'its incarnation'),
    run: field.positive(run, 'its run'),
    boot: field.boot(boot, 'its boot'),
  };
}

function parseOpen(tuple: readonly unknown[]): Command {
  const [, nonce, ttlMs, label, ...home] = field.tupleOf(tuple, 'an open', 7);
  return {
    kind: 'open',
    nonce: field.nonce(nonce, 'its nonce'),
    ttlMs: field.ttlMs(ttlMs, 'its TTL'),
    home: parseHome(home),
    label: field.label(label, 'its label'),
  };
}

/** As `parseRelease`, spelt out: these two are most of what there is to parse, three times each on every node. */
function parseAcquire(tuple: readonly unknown[]): Command {
  const cells = field.tupleOf(tuple, 'an acquire', 7);
  const session = field.positive(cells[1], 'its session');
  const sequence = field.positive(cells[2], 'its sequence');
  const mark = markBelow(sequence, cells[3]);
  const name = field.lockName(cells[4], 'its name');
  const mode = exclusiveField(cells[5], 'its mode');
  return { kind: 'acquire', session, sequence, mark, name, mode, waits: field.flag(cells[6], 'its waits') };
}

function parseCancel(tuple: readonly unknown[]): Command {
  const [, session, sequence, mark, target] = field.tupleOf(tuple, 'a cancel', 5);
  const turn = parseTurn([session, sequence, mark]);
  const read = field.positive(target, 'its target');
  if (read >= turn.sequence) {
    throw new FieldError(`its target is ${read}, expected a sequence below its own, ${turn.sequence}`);
  }
  return { kind: 'cancel', ...turn, target: read };
}

function parseRelease(tuple: readonly unknown[]): Command {
  const cells = field.tupleOf(tuple, 'a release', 6);
  const session = field.positive(cells[1], 'its session');
  const sequence = field.positive(cells[2], 'its sequence');
  const mark = markBelow(sequence, cells[3]);
  const name = field.lockName(cells[4], 'its name');
  return { kind: 'release', session, sequence, mark, name, token: field.positive(cells[5], 'its token') };
}

/** What the leader says of a hold, by its number alone. */
function parseHold(tuple: readonly unknown[], what: string): HoldName {
  const [, name, token] = field.tupleOf(tuple, what, 3);
  return { name: field.lockName(name, 'its name'), token: field.positive(token, 'its token') };
}

function parseAcquireAll(tuple: readonly unknown[]): Command {
  const [kind, session, sequence, mark, waits, ...rest] = tuple;
  return {
    kind: 'acquire-all',
    ...parseTurn([session, sequence, mark]),
    waits: field.flag(waits, 'its waits'),
    ...parseWish(kind, rest),
  };
}

/** Written by all layouts of such requests behind what they have in common. */
export function parseWish(kind: unknown, rest: readonly unknown[]): WishedHolds {
  if (kind === layout.acquireAll) return parseUnowned(rest);
  return kind === layout.acquireAllForOwner ? parseOwned(rest) : parseWithOptions(rest);
}

function parseLimit(tuple: readonly unknown[]): Command {
  const [, session, sequence, mark, name, limit] = field.tupleOf(tuple, 'a limit', 6);
  return {
    kind: 'limit',
    ...parseTurn([session, sequence, mark]),
    name: field.lockName(name, 'its name'),
    limit: field.permits(limit, 'its limit'),
  };
}

function parseOperator([number, session, sequence, mark, ...cells]: readonly unknown[]): Command {
  return { ...parseTurn([session, sequence, mark]), ...parseOrder([number, ...cells]) };
}

function parseGuarded([, name, token, ...cells]: readonly unknown[]): Guarded {
  const guard = { name: field.lockName(name, "its guard's name"), token: field.positive(token, "its guard's token") };
  const request = cells[0] === layout.write ? parseWrite(cells) : parse(cells);
  switch (request.kind) {
    case 'started':
    case 'open':
    case 'close':
    case 'expire':
    case 'overdue':
    case 'delay-over':
    case 'guarded':
      throw new FieldError(`a guard stands before a command of kind ${request.kind}, expected what a session asks`);
    default: {
      const { session, sequence, mark } = request;
      return { kind: 'guarded', session, sequence, mark, guard, request };
    }
  }
}

/** Three values; all null for a session that lives in no node. */
export const homeTuple = (home: OpenSession['home']): CommandTuple =>
  home === undefined ? [null, null, null] : [home.node, home.incarnation, home.run];

export function parseHome(values: readonly unknown[]): OpenSession['home'] {
  const [node, incarnation, run] = values;
  if (node === null && incarnation === null && run === null) return undefined;
  return {
    node: field.nodeId(node, 'its home'),
    incarnation: field.nonce(incarnation, "its home's incarnation"),
    run: field.positive(run, "its home's run"),
  };
}
