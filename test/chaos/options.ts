import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type FaultKind, faultKinds } from './faults/fault.ts';
import { type NetworkKind, networkKinds } from './network.ts';

export const usage = `npm run chaos -- [--minutes M] [--faults ${faultKinds.join(',')}] [--nodes 3|5] [--seed N]
                [--network ${networkKinds.join('|')}] [--history FILE] [--json] [--gates X] [--keep]
                [--allow-missing]
npm run chaos -- --mutant ID[,ID] [--rounds N]
npm run chaos -- --mutants [--rounds N]

Runs a cluster of real processes under faults, records what its clients saw, and judges it. Ends with 0 only if the
history is linearizable, nothing else was wrong, and enough happened to prove something.

--minutes        how long faults are made (default 1; for a mutant 0.25)
--faults         which kinds, by commas (default: all; none: no faults)
--nodes          members of the cluster (default 3)
--network        what lies between processes: a proxy on each way (proxy, the default), or each process in a network
                 namespace of its own (namespaces: needs root, ip and nft; has no delays)
--seed           chooses faults and work (default: drawn, and printed); timing is the machine's own
--history        where the history is written (default: the folder of the run, removed on success)
--json           the summary as JSON, on standard output
--gates          multiplies how much must have happened (default 1; below on a slow or busy machine)
--keep           keep the folder of the run: data, logs, history
--allow-missing  go without faults that cannot be made here; otherwise they are an error
--mutant         plants bugs of test/chaos/mutants.ts, one at a time, in a copy of the repository: each must be caught
--mutants        plants all of them
--rounds         at most so many runs for each mutant (default and maximum 20)`;

/** What the command line asks for. */
export interface ChaosOptions {
  readonly help: boolean;
  /** Undefined: the default of what is asked for. */
  readonly minutes: number | undefined;
  readonly kinds: readonly FaultKind[];
  readonly nodes: number;
  readonly network: NetworkKind;
  readonly seed: number;
  readonly history: string | undefined;
  readonly gates: number;
  readonly json: boolean;
  readonly keep: boolean;
  readonly allowMissing: boolean;
  readonly mutant: string | undefined;
  readonly mutants: boolean;
  readonly rounds: number;
}

const roundsMax = 20;

const seedMax = 1_000_000;

/** Throws a TypeError or RangeError in words for whoever typed it. */
export function parseOptions(args: readonly string[]): ChaosOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string' },
      faults: { type: 'string', default: faultKinds.join() },
      nodes: { type: 'string', default: '3' },
      network: { type: 'string', default: 'proxy' },
      seed: { type: 'string' },
      history: { type: 'string' },
      gates: { type: 'string', default: '1' },
      rounds: { type: 'string', default: String(roundsMax) },
      mutant: { type: 'string' },
      mutants: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      'allow-missing': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const { help, json, keep, mutant, mutants } = values;
  return {
    ...{ help, json, keep, mutant, mutants },
    minutes: values.minutes === undefined ? undefined : bounded('--minutes', values.minutes, [0.05, 24 * 60]),
    kinds: kindsOf(values.faults),
    nodes: nodesOf(values.nodes),
    network: networkOf(values.network),
    seed:
      values.seed === undefined ? Math.floor(Math.random() * seedMax) : bounded('--seed', values.seed, [0, 2 ** 32]),
    history: values.history === undefined ? undefined : resolve(values.history),
    gates: bounded('--gates', values.gates, [0, 100]),
    allowMissing: values['allow-missing'],
    rounds: bounded('--rounds', values.rounds, [1, roundsMax]),
  };
}

function bounded(option: string, text: string, [least, most]: readonly [number, number]): number {
  const number = Number(text);
  if (text !== '' && number >= least && number <= most) return number;
  throw new RangeError(`${option} takes a number from ${least} to ${most}, not ${JSON.stringify(text)}`);
}

function nodesOf(text: string): number {
  if (text === '3' || text === '5') return Number(text);
  throw new RangeError(`--nodes takes 3 or 5, not ${JSON.stringify(text)}`);
}

function networkOf(text: string): NetworkKind {
  const network = networkKinds.find((kind) => kind === text);
  if (network !== undefined) return network;
  throw new TypeError(`--network takes ${networkKinds.join(' or ')}, not ${JSON.stringify(text)}`);
}

function kindsOf(text: string): readonly FaultKind[] {
  if (text === 'none') return [];
  const names = text.split(',');
  const unknown = names.find((name) => !faultKinds.some((kind) => kind === name));
  if (unknown !== undefined)
    throw new TypeError(`no fault ${JSON.stringify(unknown)}; there are ${faultKinds.join(', ')}`);
  return faultKinds.filter((kind) => names.includes(kind));
}
