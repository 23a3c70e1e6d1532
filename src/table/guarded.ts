import type { Command, Guarded, WriteRegister } from './command.ts';

/** A command without a guard before it. */
export type Unguarded = Exclude<Command, Guarded> | WriteRegister;

/** What a command is about, whether or not a guard stands before it. */
export const askedFor = (command: Command): Unguarded => (command.kind === 'guarded' ? command.request : command);
