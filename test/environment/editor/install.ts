import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { findProgram, hasApt, isRoot, runProgram } from '../../../shell/cluster/host.ts';
import { cacheFolder } from '../cache-folder.ts';

/** The npm package that is a whole VS Code with a server, and runs on Node 20. It contains VS Code 1.100. */
const version = '4.100.3';

/** What the browser and the native parts of VS Code need from Debian, and how to see that it is there. */
const needs = [
  { path: '/usr/bin/chromium', debianPackage: 'chromium' },
  { path: '/usr/include/gssapi/gssapi_krb5.h', debianPackage: 'libkrb5-dev' },
  { path: '/usr/bin/make', debianPackage: 'make' },
  { path: '/usr/bin/g++', debianPackage: 'g++' },
  { path: '/usr/bin/python3', debianPackage: 'python3' },
] as const;

const aptTimeoutMs = 600_000;
const npmTimeoutMs = 300_000;

export interface EditorPrograms {
  /** code-server's entry, to be run by Node. */
  readonly codeServer: string;
  readonly chromium: string;
}

/**
 * Installs Chromium and code-server where they are missing. code-server is kept outside the checkout, for the next
 * run. Throws with the step that failed where they cannot be installed: no root, no network, no compiler.
 */
export async function ensureEditorPrograms(): Promise<EditorPrograms> {
  await ensureDebianPackages();
  const folder = join(cacheFolder(), `code-server-${version}-abi-${process.versions.modules}`);
  const programs = {
    codeServer: join(folder, 'node_modules/code-server/out/node/entry.js'),
    chromium: '/usr/bin/chromium',
  };
  if (existsSync(folder)) return programs;
  console.log(`Installing code-server ${version} into ${folder} …`);
  const partial = `${folder}.${process.pid}`;
  try {
    await installCodeServer(partial);
    renameSync(partial, folder);
  } catch (cause) {
    rmSync(partial, { recursive: true, force: true });
    if (!existsSync(folder))
      throw new Error(`code-server cannot be installed: ${firstLines(cause)}`, { cause });
  }
  return programs;
}

async function ensureDebianPackages(): Promise<void> {
  const missing = needs.filter(({ path }) => !existsSync(path)).map(({ debianPackage }) => debianPackage);
  if (missing.length === 0) return;
  const names = missing.join(', ');
  if (!isRoot() || !hasApt())
    throw new Error(`missing here, and not installed without root and apt: ${names}`);
  console.log(`Installing ${names} with apt …`);
  const options = { env: { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }, timeoutMs: aptTimeoutMs };
  try {
    await runProgram('apt-get', ['update', '-qq'], options);
    await runProgram('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing], options);
  } catch (cause) {
    throw new Error(`${names} cannot be installed: ${firstLines(cause)}`, { cause });
  }
}

/** The packages first, without their install scripts, which download; then the native parts, compiled here. */
async function installCodeServer(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"private": true}\n');
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  await npm(folder, 'install', ...quiet, `code-server@${version}`);
  const vscode = join(folder, 'node_modules/code-server/lib/vscode');
  await npm(vscode, 'install', '--omit=dev', ...quiet);
  await npm(join(vscode, 'extensions'), 'install', '--omit=dev', ...quiet);
  const native = ['@vscode/spdlog', 'native-watchdog', '@parcel/watcher', 'kerberos', 'node-pty'];
  await npm(folder, 'rebuild', '--ignore-scripts=false', 'argon2');
  await npm(vscode, 'rebuild', '--ignore-scripts=false', ...native);
}

async function npm(folder: string, ...args: readonly string[]): Promise<void> {
  const prefix = resolve(dirname(process.execPath), '..');
  const headers = existsSync(join(prefix, 'include/node/node.h')) ? prefix : undefined;
  const env = {
    ...(headers === undefined ? {} : { npm_config_nodedir: headers }),
    // node-pty asks for node-gyp through npx; node-pre-gyp would download before it compiles.
    npm_config_yes: 'true',
    npm_config_build_from_source: 'true',
  };
  const program = findProgram('npm');
  if (program === undefined) throw new Error('npm is not installed');
  await runProgram(program, ['--prefix', folder, ...args], { env, timeoutMs: npmTimeoutMs });
}

function firstLines(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n').slice(0, 3).join(' ').slice(0, 400);
}
