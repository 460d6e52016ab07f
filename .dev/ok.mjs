// Runs every quick check and reports all failures before it exits: `npm run ok`.
import { spawnSync } from 'node:child_process';

const checks = [
  ['format', 'prettier', '--check', '--log-level', 'warn', '.'],
  ['types', 'tsc', '--noEmit'],
  ['lint', 'oxlint', '--type-aware', '--deny-warnings'],
  [
    'tidy and unit tests',
    'vitest',
    'run',
    '--config',
    '.dev/vitest.config.ts',
    '--project',
    'tidy',
    '--project',
    'unit',
  ],
];

const failed = [];
for (const [name, program, ...args] of checks) {
  const startedMs = performance.now();
  const { status } = spawnSync(`node_modules/.bin/${program}`, args, { stdio: 'inherit' });
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`);
  if (status !== 0) failed.push(name);
}
if (failed.length > 0) {
  console.error(`\nNot ok: ${failed.join(', ')}`);
  process.exit(1);
}
