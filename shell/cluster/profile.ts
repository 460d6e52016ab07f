import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defaultLocalCluster, wheelhouseHome } from '../../core/client/local-clusters.ts';

export const defaultProfile = defaultLocalCluster;

export type StoreKind = 'etcd' | 'embedded';
export type RuntimeKind = 'docker' | 'simulated';

/** What a local cluster is made of. Chosen at the first `wh up` and never changed silently afterwards. */
export interface ProfileState {
  /** Tells its containers from those of any other cluster on the same Docker, one of the same name included. */
  readonly id: string;
  readonly store: StoreKind;
  readonly runtime: RuntimeKind;
  readonly nodeName: string;
  /** gRPC, on loopback. */
  readonly corePort: number;
  /** Kubernetes' REST API, on loopback. */
  readonly restPort: number;
  readonly etcdPort: number;
  readonly etcdPeerPort: number;
  /** What core is told besides, as `--NAME=VALUE`. */
  readonly coreFlags?: readonly string[];
  /** The Docker daemon was started by `wh up` and is looked after by this profile's supervisor. */
  readonly ownsDockerDaemon: boolean;
}

/** The files of one local cluster, below `$WHEELHOUSE_HOME` or `$XDG_DATA_HOME/wheelhouse`. */
export interface Profile {
  readonly name: string;
  readonly directory: string;
  readonly stateFile: string;
  readonly kubeconfig: string;
  readonly coreDirectory: string;
  readonly agentDirectory: string;
  readonly logDirectory: string;
  readonly pidFile: (program: string) => string;
  readonly logFile: (program: string) => string;
}

/** Throws when the name cannot be a folder, a node name and a context name at once. */
export function profileNamed(name: string, home = wheelhouseHome()): Profile {
  if (!/^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$/.test(name)) {
    throw new Error(
      `Cannot use profile "${name}": a name is 1 to 40 lower case letters, digits and "-", as in "dev-2"`,
    );
  }
  const directory = join(home, name);
  const logDirectory = join(directory, 'logs');
  return {
    name,
    directory,
    stateFile: join(directory, 'state.json'),
    kubeconfig: join(directory, 'kubeconfig'),
    coreDirectory: join(directory, 'core'),
    agentDirectory: join(directory, 'agent'),
    logDirectory,
    pidFile: (program) => join(directory, `${program}.pid`),
    logFile: (program) => join(logDirectory, `${program}.log`),
  };
}

/** Undefined when the profile was never brought up. Throws when the file is there and broken. */
export function readState(profile: Profile): ProfileState | undefined {
  let text: string;
  try {
    text = readFileSync(profile.stateFile, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return JSON.parse(text) as ProfileState;
  } catch (cause) {
    throw new Error(`Cannot read "${profile.stateFile}": it is not JSON`, { cause });
  }
}

export function writeState(profile: Profile, state: ProfileState): void {
  mkdirSync(profile.directory, { recursive: true, mode: 0o700 });
  writeAtomically(profile.stateFile, `${JSON.stringify(state, undefined, 2)}\n`);
}

export function writeAtomically(path: string, text: string): void {
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, text, { mode: 0o600 });
  renameSync(temporary, path);
}
