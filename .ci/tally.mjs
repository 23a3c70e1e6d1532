// Prints `N passed, N failed` from a test report and exits 0 only for a good run.
// Usage: node tally.mjs REPORT.json EXIT_CODE_OF_THE_TEST_COMMAND
import { existsSync, readFileSync } from 'node:fs';

const [path, exitCode] = process.argv.slice(2);
let passed = 0;
let failed = 0;

if (path !== undefined && existsSync(path)) {
  for (const file of JSON.parse(readFileSync(path, 'utf8')).testResults) {
    const failedBefore = failed;
    for (const test of file.assertionResults) {
      if (test.status === 'passed') passed += 1;
      if (test.status === 'failed') failed += 1;
    }
    // A file that could not be loaded has no tests to count, and would otherwise look like one without failures.
    if (file.status === 'failed' && failed === failedBefore) failed += 1;
  }
}
// The command may fail outside every test: no install, no build, an unhandled rejection.
if (exitCode !== '0' && failed === 0) failed = 1;

console.log(`${passed} passed, ${failed} failed`);
process.exitCode = passed > 0 && failed === 0 ? 0 : 1;
