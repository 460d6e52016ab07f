// `npm test`: installs and builds what is missing, then runs every check and test, cheap ones first, and stops at
// the first kind that fails. The last line counts them all.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { prepare, root } from './prepare.mjs';

prepare((text) => console.log(text));

const reports = join(root, '.build', 'reports');
rmSync(reports, { recursive: true, force: true });
mkdirSync(reports, { recursive: true });
const totals = { passed: 0, failed: 0, skipped: 0 };

runTool('format', 'prettier', '--check', '--log-level', 'warn', '.');
runTool('types', 'tsc', '--noEmit');
runTool('lint', 'oxlint', '--type-aware', '--deny-warnings');
for (const project of ['tidy', 'unit', 'conformance', 'integration', 'simulation', 'e2e', 'editor'])
  runTests(project);
finish(0);

function runTool(name, program, ...args) {
  const { status, seconds } = run(program, args);
  console.log(`${status === 0 ? 'ok' : 'FAILED'}: ${name} (${seconds} s)`);
  if (status !== 0) finish(1);
}

function runTests(project) {
  const report = join(reports, `${project}.json`);
  const { status, seconds } = run('vitest', [
    'run',
    '--config=.dev/vitest.config.ts',
    `--project=${project}`,
    '--passWithNoTests',
    '--reporter=dot',
    '--reporter=json',
    '--reporter=./.dev/second-try-reporter.mjs',
    `--outputFile.json=${report}`,
  ]);
  count(report);
  console.log(`${status === 0 ? 'ok' : 'FAILED'}: ${project} tests (${seconds} s)`);
  if (status !== 0) finish(1);
}

function run(program, args) {
  const startedMs = performance.now();
  const { status } = spawnSync(join(root, 'node_modules/.bin', program), args, {
    cwd: root,
    stdio: 'inherit',
  });
  return { status, seconds: ((performance.now() - startedMs) / 1000).toFixed(1) };
}

function count(report) {
  if (!existsSync(report)) return;
  const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(
    readFileSync(report, 'utf8'),
  );
  totals.passed += numPassedTests;
  totals.failed += numFailedTests;
  totals.skipped += numPendingTests;
  for (const file of testResults) {
    for (const test of file.assertionResults) {
      if (test.status === 'skipped' || test.status === 'pending') console.log(`skipped: ${test.fullName}`);
    }
  }
}

function finish(code) {
  const failed = code === 0 ? totals.failed : Math.max(1, totals.failed);
  console.log(`${totals.passed} passed, ${failed} failed, ${totals.skipped} skipped`);
  process.exit(code);
}
