// `npm start`: installs, builds, brings the local cluster up and opens the shell in it.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { prepare, root } from './prepare.mjs';

prepare((text) => console.error(text));
const wh = join(root, 'shell/bin/wh');
const args = process.argv.slice(2);
const up = spawnSync(wh, ['up', ...args], { stdio: ['inherit', 2, 2] });
if (up.status !== 0) process.exit(up.status ?? 1);
const profile = args.filter(
  (arg, index) => arg === '-p' || args[index - 1] === '-p' || arg.startsWith('--profile'),
);
const shell = spawnSync(wh, [...profile], { stdio: 'inherit' });
process.exit(shell.status ?? 1);
