import { cliMutants } from './cli-mutants.ts';
import { contendedMutants } from './contended-mutants.ts';
import { delayMutants } from './delay-mutants.ts';
import { electionMutants } from './election-mutants.ts';
import { eventMutants } from './event-mutants.ts';
import { familyMutants } from './family-mutants.ts';
import { guardMutants } from './guard-mutants.ts';
import { handOverMutants } from './hand-over-mutants.ts';
import { historyMutants } from './history-mutants.ts';
import type { Mutant } from './mutant.ts';
import { nodeMutants } from './node-mutants.ts';
import { operatorMutants } from './operator-mutants.ts';
import { optionMutants } from './option-mutants.ts';
import { raftMutants } from './raft-mutants.ts';
import { sessionMutants } from './session-mutants.ts';
import { sideMutants } from './side-mutants.ts';
import { storageMutants } from './storage-mutants.ts';
import { tableMutants } from './table-mutants.ts';

/** All bugs that `npm run mutants` plants, one at a time. */
export const catalogue: readonly Mutant[] = [
  ...raftMutants,
  ...tableMutants,
  ...familyMutants,
  ...guardMutants,
  ...nodeMutants,
  ...sessionMutants,
  ...storageMutants,
  ...sideMutants,
  ...eventMutants,
  ...cliMutants,
  ...handOverMutants,
  ...historyMutants,
  ...electionMutants,
  ...optionMutants,
  ...operatorMutants,
  ...contendedMutants,
  ...delayMutants,
];
