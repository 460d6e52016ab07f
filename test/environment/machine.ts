import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { startProcess } from '../../core/machinery/process/supervised-process.ts';
import { removeStaleDockerFiles } from '../../shell/cluster/docker-daemon.ts';
import { dockerAnswers, findProgram, hasApt, isRoot, runProgram } from '../../shell/cluster/host.ts';
import { isEverythingRequired } from './required.ts';

/** What the tests with real parts need, and the Debian package each comes from. */
const needs = [
  { program: 'etcd', debianPackage: 'etcd-server' },
  { program: 'dockerd', debianPackage: 'docker.io' },
  { program: '/bin/busybox', debianPackage: 'busybox-static' },
  { program: 'tmux', debianPackage: 'tmux' },
  { program: 'nsenter', debianPackage: 'util-linux' },
  { program: 'kubectl', debianPackage: 'kubernetes-client' },
] as const;

const state = resolve(import.meta.dirname, '../../.cache/machine');
const dockerStartMs = 60_000;

/**
 * Runs once before the tests with real parts: installs what is missing and starts Docker. Where that is not
 * possible (not root, not Debian) nothing is installed, and the tests that miss something say so and are skipped; where
 * nothing may be skipped, it throws.
 */
export default async function prepareMachine(): Promise<void> {
  const missing = needs.filter(({ program }) =>
    program.startsWith('/') ? !existsSync(program) : findProgram(program) === undefined,
  );
  const packages = missing.map(({ debianPackage }) => debianPackage);
  if (packages.length > 0 && isRoot() && hasApt()) {
    console.log(`Installing ${packages.join(', ')} with apt …`);
    const options = { env: { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }, timeoutMs: 600_000 };
    await runProgram('apt-get', ['update', '-qq'], options);
    await runProgram('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], options);
  } else if (packages.length > 0) {
    if (isEverythingRequired())
      throw new Error(`Missing here, and not installed without root and apt: ${packages.join(', ')}`);
    console.log(`Missing here: ${packages.join(', ')}; tests that need them are skipped`);
  }
  if (isRoot() && findProgram('dockerd') !== undefined && !(await dockerAnswers())) await startDocker();
}

async function startDocker(): Promise<void> {
  console.log('Starting Docker …');
  removeStaleDockerFiles();
  startProcess({
    name: 'dockerd',
    command: 'dockerd',
    args: ['--live-restore'],
    logFile: join(state, 'dockerd.log'),
    pidFile: join(state, 'dockerd.pid'),
    stopGraceMs: 20_000,
  }).unref();
  const deadlineMs = performance.now() + dockerStartMs;
  while (!(await dockerAnswers())) {
    if (performance.now() > deadlineMs)
      throw new Error(`Docker does not answer; log: ${join(state, 'dockerd.log')}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
