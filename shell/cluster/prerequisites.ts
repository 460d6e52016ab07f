import { dockerAnswers, findProgram, hasApt, isRoot, runProgram } from './host.ts';
import type { ProfileState, RuntimeKind, StoreKind } from './profile.ts';

/** What this machine offers and what is missing on it. */
export interface Host {
  readonly root: boolean;
  readonly apt: boolean;
  readonly etcd: boolean;
  readonly dockerAnswers: boolean;
  readonly dockerd: boolean;
}

export interface Wishes {
  readonly store?: StoreKind | undefined;
  readonly runtime?: RuntimeKind | undefined;
}

export interface Plan {
  readonly store: StoreKind;
  readonly runtime: RuntimeKind;
  /** Debian packages to install first. */
  readonly packages: readonly string[];
  readonly startDocker: boolean;
  /** What the user does without, and what would change that. */
  readonly compromises: readonly string[];
}

export async function inspectHost(): Promise<Host> {
  return {
    root: isRoot(),
    apt: hasApt(),
    etcd: findProgram('etcd') !== undefined,
    dockerAnswers: await dockerAnswers(),
    dockerd: findProgram('dockerd') !== undefined,
  };
}

/**
 * Decides what the cluster is made of. A cluster that was brought up before keeps its store and its runtime; a new
 * one gets etcd and Docker where they are or can be installed. What was asked for and cannot be had is an error.
 */
export function planCluster(host: Host, existing: ProfileState | undefined, wishes: Wishes): Plan {
  const mayInstall = host.root && host.apt;
  const etcdPossible = host.etcd || mayInstall;
  const dockerPossible = host.dockerAnswers || (host.root && (host.dockerd || host.apt));
  refuseChange('store', existing?.store, wishes.store);
  refuseChange('runtime', existing?.runtime, wishes.runtime);
  const store = existing?.store ?? wishes.store ?? (etcdPossible ? 'etcd' : 'embedded');
  const runtime = existing?.runtime ?? wishes.runtime ?? (dockerPossible ? 'docker' : 'simulated');
  if (store === 'etcd' && !etcdPossible)
    throw new Error(`Cannot use etcd: ${missing('etcd', 'etcd-server', host)}`);
  if (runtime === 'docker' && !dockerPossible) {
    throw new Error(`Cannot use Docker: no daemon answers, and ${dockerMissing(host)}`);
  }
  const chosenFreely = existing === undefined;
  return {
    store,
    runtime,
    packages: [
      ...(store === 'etcd' && !host.etcd ? ['etcd-server'] : []),
      ...(runtime === 'docker' && !host.dockerAnswers && !host.dockerd ? ['docker.io'] : []),
    ],
    startDocker: runtime === 'docker' && !host.dockerAnswers,
    compromises: [
      ...(store === 'embedded' && chosenFreely && wishes.store === undefined
        ? [`The embedded store is used instead of etcd: ${missing('etcd', 'etcd-server', host)}.`]
        : []),
      ...(runtime === 'simulated' && chosenFreely && wishes.runtime === undefined
        ? [
            `Containers are simulated, nothing really runs: no Docker daemon answers, and ${dockerMissing(host)}.`,
          ]
        : []),
    ],
  };
}

function refuseChange(what: string, existing: string | undefined, wished: string | undefined): void {
  if (existing === undefined || wished === undefined || existing === wished) return;
  throw new Error(
    `Cannot change the ${what} of this cluster from ${existing} to ${wished}: delete it first, or use another profile (-p NAME)`,
  );
}

function dockerMissing(host: Host): string {
  return host.dockerd ? 'only root may start "dockerd"' : missing('dockerd', 'docker.io', host);
}

function missing(program: string, debianPackage: string, host: Host): string {
  if (!host.apt) return `"${program}" is not on the PATH; install it with your system's package manager`;
  if (!host.root) return `"${program}" is missing; as root, run "apt-get install ${debianPackage}"`;
  return `"${program}" is missing`;
}

/** Installs Debian packages without asking; `update` receives what apt is doing. */
export async function installPackages(
  packages: readonly string[],
  update: (detail: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const options = { env: { DEBIAN_FRONTEND: 'noninteractive' }, timeoutMs: 600_000, signal };
  update('apt-get update');
  await runProgram('apt-get', ['update', '-qq'], options);
  update('apt-get install');
  // Our own supervisor starts the daemons; the packages' services would take their ports.
  await runProgram('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], {
    ...options,
    env: { ...options.env, RUNLEVEL: '1' },
  });
}
