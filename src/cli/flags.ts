import { type Command, InvalidArgumentError, Option } from 'commander';
import { durationFlag } from './duration.ts';
import { endpointsDefault } from './endpoints.ts';

const connectTimeoutDefaultMs = 10_000;

/** Where a command leaves the exit code to end with; without it, 0. */
export type End = (exitCode: number) => void;

export function addClientFlags(command: Command, connectTimeoutMs: number = connectTimeoutDefaultMs): void {
  command
    .option('--endpoints <host:port,...>', `nodes to ask (HOLDFAST_ENDPOINTS); default ${endpointsDefault}`)
    .option('--insecure', 'allow plaintext beyond loopback (HOLDFAST_INSECURE)')
    .addOption(
      durationOption('--connect-timeout', 'how long to look for a node that knows a leader', connectTimeoutMs),
    );
}

export const durationOption = (flag: string, description: string, defaultMs: number): Option =>
  new Option(`${flag} <duration>`, description)
    .argParser(durationFlag(flag))
    .default(defaultMs, `${defaultMs / 1_000}s`);

export const addJson = (command: Command): Command => command.option('--json', 'print JSON instead of a table');

export const count =
  (flag: string, max: number, min = 1) =>
  (text: string): number => {
    const found = Number(text);
    if (Number.isInteger(found) && found >= min && found <= max) return found;
    throw new InvalidArgumentError(`${flag}: expected a whole number from ${min} to ${max}.`);
  };
