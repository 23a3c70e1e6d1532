import type { Core, Effects, Input, Restored } from '../../raft/index.ts';

/** A bug planted between a core and its driver, to see whether anybody notices. */
export interface Mutant {
  readonly name: string;
  /** What the driver gets to see of what the core asked for. */
  readonly effects?: (effects: Effects, core: Core) => Effects;
  /** What the core gets to hear of what happened. */
  readonly input?: (input: Input, core: Core) => Input;
  /** What a process finds of its former life. */
  readonly restored?: (restored: Restored) => Restored;
}

export const noMutant: Mutant = { name: 'none' };
