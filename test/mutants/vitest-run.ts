import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** What a run of tests said. */
export interface TestRun {
  readonly passed: number;
  /** Full names of the tests that failed, and what they said first. */
  readonly failed: readonly { readonly name: string; readonly said: string }[];
  /** It was killed after `limitMs`: it ran in circles, or the machine is too busy to say. */
  readonly isLate: boolean;
  /** Files that could not even be loaded: no test had its say. */
  readonly broken: readonly string[];
}

const limitMs = 300_000;

interface Assertion {
  readonly status: string;
  readonly fullName: string;
  readonly failureMessages: readonly string[];
}

interface Report {
  readonly numPassedTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly Assertion[];
  }[];
}

/** Which tests of the files, by their names, and with which variables. */
export interface Selection {
  readonly only?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs the tests of `paths` in `root`. What takes longer than `limitMs` is killed, and says so. */
export async function runTests(root: string, paths: readonly string[], selection: Selection = {}): Promise<TestRun> {
  const output = join(root, 'report.json');
  await rm(output, { force: true });
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const args = [vitest, 'run', '--reporter=json', `--outputFile=${output}`, '--root', root, ...paths];
  if (selection.only !== undefined) args.push('-t', selection.only);
  const env = { ...process.env, ...selection.env };
  const child = spawn(process.execPath, args, { cwd: root, stdio: 'ignore', detached: true, env });
  const timer = setTimeout(() => process.kill(-(child.pid ?? 0), 'SIGKILL'), limitMs);
  const [, signal] = await once(child, 'exit');
  clearTimeout(timer);
  if (signal !== null)
    return { passed: 0, failed: [{ name: `no end within ${limitMs / 1_000} s`, said: '' }], broken: [], isLate: true };
  const report: Report = JSON.parse(await readFile(output, 'utf8'));
  const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  return {
    passed: report.numPassedTests,
    isLate: false,
    failed: tests.filter(({ status }) => status === 'failed').map(failureOf),
    broken: report.testResults.filter(({ assertionResults }) => assertionResults.length === 0).map(({ name }) => name),
  };
}

const failureOf = ({ fullName, failureMessages: [message = ''] }: Assertion): TestRun['failed'][number] => ({
  name: fullName,
  said: message.split('\n')[0]?.slice(0, 160) ?? '',
});
