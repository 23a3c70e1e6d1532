export type { RowCell, RowTuple, RowValue } from './changed-rows.ts';
export * from './command.ts';
export { type CommandTuple, commandTuple, type Malformed, parseCommand, type Scalar } from './command-tuple.ts';
export * from './inspect.ts';
export { TableInvariantError } from './invariant.ts';
export * from './limits.ts';
export type { LockKind } from './modes.ts';
export { MalformedRowError } from './restore.ts';
export { type Emit, type Restoring, Table } from './table.ts';
