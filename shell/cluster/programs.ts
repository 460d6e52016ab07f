import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ProcessSpec } from '../../core/machinery/process/supervised-process.ts';
import { pkiFile } from './credentials.ts';
import type { Profile, ProfileState } from './profile.ts';

/** Where the bundled programs are: beside the bundle this code runs from. */
const programDirectory = fileURLToPath(new URL('.', import.meta.url)).replace(/chunks\/$/, '');

export function coreEndpoint(state: ProfileState): string {
  return `127.0.0.1:${state.corePort}`;
}

export function restEndpoint(state: ProfileState): string {
  return `127.0.0.1:${state.restPort}`;
}

/**
 * Half of V8's default young generation: what a start throws away is found sooner, which leaves an idle core 28 MB
 * smaller. And nothing is made in the old generation because much that was made in the same place once lived on: what
 * lives on while core starts is gone with its request later, and an old object keeps all that it leads to until the next
 * full collection. Four times as much grew old so, in one run and not in another.
 */
export const coreNodeFlags = [
  '--enable-source-maps',
  '--max-semi-space-size=8',
  '--no-allocation-site-pretenuring',
];

/** Threads with a heap of malloc's each keep 13 MB of an idle core free, and 20 MB of one with 100,000 Pods. */
export const coreEnvironment = { MALLOC_ARENA_MAX: '1' };

/** Core starts and supervises etcd itself when told to use its own. */
export function coreSpec(profile: Profile, state: ProfileState): ProcessSpec {
  const args = flags({
    'data-dir': profile.coreDirectory,
    listen: coreEndpoint(state),
    'rest-listen': restEndpoint(state),
    store: state.store,
    'etcd-port': state.etcdPort,
    'etcd-peer-port': state.etcdPeerPort,
    'local-node': state.nodeName,
    // Set aside by core itself, so that no more than 50 MB are kept.
    'audit-log-path': profile.logFile('audit'),
  });
  const program = nodeProgram(profile, 'core', [...args, ...(state.coreFlags ?? [])], coreNodeFlags);
  return { ...program, env: coreEnvironment, stopGraceMs: 15_000 };
}

export function nodeCertificate(profile: Profile, { nodeName }: ProfileState): string {
  return pkiFile(profile, `node-${nodeName}.crt`);
}

export function agentSpec(profile: Profile, state: ProfileState): ProcessSpec {
  const args = flags({
    core: coreEndpoint(state),
    'ca-file': pkiFile(profile, 'server-ca.crt'),
    'cert-file': nodeCertificate(profile, state),
    'key-file': pkiFile(profile, `node-${state.nodeName}.key`),
    'data-dir': profile.agentDirectory,
    'node-name': state.nodeName,
    owner: state.id,
    runtime: state.runtime,
  });
  // There is one on every node, so memory counts: source maps alone take 20 MB, malloc's arenas another 20.
  const program = nodeProgram(profile, 'node-agent', args, ['--optimize-for-size']);
  return { ...program, env: { MALLOC_ARENA_MAX: '1' }, stopGraceMs: 10_000 };
}

function flags(values: Readonly<Record<string, string | number>>): string[] {
  return Object.entries(values).map(([name, value]) => `--${name}=${value}`);
}

/** Core's program with other words than those that start it. */
export function coreProgram(
  profile: Profile,
  args: readonly string[],
): Pick<ProcessSpec, 'command' | 'args'> {
  return nodeProgram(profile, 'core', [...args]);
}

/** The supervisor is `wh` itself: it keeps core and agent running after the shell has gone. */
export function supervisorSpec(profile: Profile): ProcessSpec {
  return {
    ...nodeProgram(profile, 'wh', ['supervise', '--profile', profile.name]),
    name: 'supervisor',
    stopGraceMs: 5_000,
  };
}

export function dockerDaemonSpec(profile: Profile): ProcessSpec {
  return {
    name: 'dockerd',
    command: 'dockerd',
    args: ['--live-restore'],
    logFile: profile.logFile('dockerd'),
    pidFile: profile.pidFile('dockerd'),
    stopGraceMs: 20_000,
  };
}

function nodeProgram(
  profile: Profile,
  name: string,
  args: readonly string[],
  nodeFlags?: readonly string[],
): Omit<ProcessSpec, 'stopGraceMs'> {
  const file = name === 'wh' ? 'supervisor' : name;
  return {
    name,
    command: process.execPath,
    args: [...(nodeFlags ?? ['--enable-source-maps']), join(programDirectory, `${name}.mjs`), ...args],
    logFile: profile.logFile(file),
    pidFile: profile.pidFile(file),
  };
}
