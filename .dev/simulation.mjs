// Runs the simulations: all of them, or those of one seed: `npm run test:simulation -- SEED`.
import { spawnSync } from 'node:child_process';

const [seed, ...rest] = process.argv.slice(2);
if (seed !== undefined && !/^\d+$/.test(seed)) {
  console.error(`Cannot run the simulation: seed "${seed}" is no whole number`);
  process.exit(2);
}
const { status } = spawnSync(
  'node_modules/.bin/vitest',
  ['run', '--config', '.dev/vitest.config.ts', '--project', 'simulation', ...rest],
  { stdio: 'inherit', env: { ...process.env, ...(seed === undefined ? {} : { WHEELHOUSE_SEED: seed }) } },
);
process.exit(status ?? 1);
