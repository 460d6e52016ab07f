// What both `npm start` and `npm test` need first: dependencies from the lockfile, then a build. Node's own modules
// only, because nothing is installed yet when this runs.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '..');

/** @param {(text: string) => void} say */
export function prepare(say) {
  requireNode([20, 19]);
  installDependencies(say);
  run('node', ['.dev/build.mjs'], 'Cannot build');
}

function requireNode([major, minor]) {
  const [haveMajor, haveMinor] = process.versions.node.split('.').map(Number);
  if (haveMajor > major || (haveMajor === major && haveMinor >= minor)) return;
  fail(`Wheelhouse needs Node ${major}.${minor} or newer; this is ${process.versions.node}`);
}

function installDependencies(say) {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  const stamp = join(root, '.build', 'dependencies');
  const modules = join(root, 'node_modules');
  const installed = existsSync(modules);
  // A link belongs to another checkout: npm would empty the folder behind it before it replaces the link.
  if (installed && lstatSync(modules).isSymbolicLink()) return;
  if (installed && existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  say('Installing the npm dependencies from the lockfile …');
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], 'Cannot install the npm dependencies');
  mkdirSync(join(root, '.build'), { recursive: true });
  writeFileSync(stamp, lock);
}

function run(program, args, failure) {
  // What children print goes to standard error, so that `npm start < script` prints only what the script does.
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (error !== undefined) fail(`${failure}: ${error.message}`);
  if (status !== 0) fail(`${failure}: "${program} ${args.join(' ')}" ended with code ${status}`);
}

export function fail(message) {
  console.error(message);
  process.exit(1);
}
