export { type CheckOptions, checkHistory } from './check.ts';
export type { Counts, Gates } from './counts.ts';
export type { CycleStep, History, Holder, Mode, Operation, PlainRefusal, Refusal } from './history.ts';
export { checkJournals, type JournalVerdict, type JournalViolation } from './journals.ts';
export { HistoryFormatError, parseHistory } from './parse.ts';
export { type CallToWrite, type MetaToWrite, type PartToWrite, Recorder, type ResultToWrite } from './recorder.ts';
export {
  describeVerdict,
  type Judgement,
  type LockVerdict,
  type Rule,
  type Verdict,
  type Violation,
} from './verdict.ts';
