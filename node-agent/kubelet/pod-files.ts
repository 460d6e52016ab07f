import { open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Container, Pod } from '../../core/api/generated/core-v1.ts';
import type { Mount } from '../runtime/runtime.ts';
import type { PodVolumes, PreparedVolumes } from '../volumes/volumes.ts';
import { ConfigError } from './environment.ts';
import { expand } from './expansion.ts';
import { hostNetworkHostsFile, hostsFile } from './pod-network.ts';

const defaultTerminationPath = '/dev/termination-log';
/** Bytes of one container's termination message that are kept (upstream: MaxContainerTerminationMessageLength). */
const maxMessageBytes = 4096;

const propagation = {
  None: 'private',
  HostToContainer: 'rslave',
  Bidirectional: 'rshared',
} as const;

/** What a container sees of this machine: its volumes, /etc/hosts, and the file for its last words. */
export class PodFiles {
  readonly #volumes: PodVolumes;

  constructor(volumes: PodVolumes) {
    this.#volumes = volumes;
  }

  async mounts(
    pod: Pod,
    container: Container,
    attempt: number,
    prepared: PreparedVolumes,
    environment: ReadonlyMap<string, string>,
    network: { readonly ips: readonly string[]; readonly hostname: string; readonly domain: string },
  ): Promise<Mount[]> {
    if (this.#volumes.simulated) return [];
    const mounts: Mount[] = [];
    for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
      const subPath = expandSubPath(mount, environment);
      const hostPath = await prepared.hostPath(container.name, mount, subPath, index);
      mounts.push({
        hostPath,
        containerPath: mount.mountPath.startsWith('/') ? mount.mountPath : `/${mount.mountPath}`,
        readOnly: mount.readOnly === true || prepared.isReadOnly(mount.name),
        propagation: propagation[mount.mountPropagation ?? 'None'],
      });
    }
    const taken = new Set(mounts.map(({ containerPath }) => containerPath));
    if (!taken.has('/etc/hosts')) mounts.push(await this.#hosts(pod, network));
    const termination = container.terminationMessagePath ?? defaultTerminationPath;
    if (termination !== '' && !taken.has(termination)) {
      mounts.push(await this.#termination(pod, container, attempt, termination));
    }
    return mounts;
  }

  /** What a container wrote before it ended; undefined when it wrote nothing. */
  async terminationMessage(podUid: string, container: string, attempt: number): Promise<string | undefined> {
    if (this.#volumes.simulated) return undefined;
    const directory = await this.#volumes.containerDirectory(podUid, container);
    // The container could have put a link in its place only inside its own mount; still nothing is followed.
    const file = await open(join(directory, `termination-${attempt}`), 'r').catch(() => undefined);
    if (file === undefined) return undefined;
    try {
      // Of too long a message the end counts.
      const from = Math.max(0, (await file.stat()).size - maxMessageBytes);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(maxMessageBytes), 0, maxMessageBytes, from);
      return bytesRead === 0 ? undefined : buffer.subarray(0, bytesRead).toString('utf8');
    } finally {
      await file.close();
    }
  }

  async #hosts(
    pod: Pod,
    network: { readonly ips: readonly string[]; readonly hostname: string; readonly domain: string },
  ): Promise<Mount> {
    const path = join(await this.#volumes.podDirectory(pod.metadata.uid ?? ''), 'etc-hosts');
    const content =
      pod.spec.hostNetwork === true
        ? hostNetworkHostsFile(pod, await readFile('/etc/hosts', 'utf8').catch(() => ''))
        : hostsFile(pod, network.ips, network);
    // Written in place: containers that run have it mounted.
    await writeFile(path, content, { mode: 0o644 });
    return { hostPath: path, containerPath: '/etc/hosts', readOnly: false, propagation: 'private' };
  }

  async #termination(pod: Pod, container: Container, attempt: number, containerPath: string): Promise<Mount> {
    const directory = await this.#volumes.containerDirectory(pod.metadata.uid ?? '', container.name);
    const hostPath = join(directory, `termination-${attempt}`);
    const file = await open(hostPath, 'w', 0o666);
    try {
      await file.chmod(0o666);
    } finally {
      await file.close();
    }
    return { hostPath, containerPath, readOnly: false, propagation: 'private' };
  }
}

function expandSubPath(
  {
    subPath = '',
    subPathExpr = '',
  }: { readonly subPath?: string | undefined; readonly subPathExpr?: string | undefined },
  environment: ReadonlyMap<string, string>,
): string {
  if (subPathExpr === '') return subPath;
  return expand(subPathExpr, (name) => {
    const value = environment.get(name);
    if (value === undefined) throw new ConfigError(`missing value for "${name}"`);
    return value;
  });
}
