import { chmod, chown, mkdir, open, stat } from 'node:fs/promises';
import { isUnavailable, StatusError } from '../../core/api/errors.ts';
import type { HostPathVolumeSource, Pod, Volume } from '../../core/api/generated/core-v1.ts';
import type { Clock } from '../../core/machinery/clock.ts';
import { quantityToNumber } from '../../core/machinery/quantity.ts';
import { isWritten, writeAtomically, type Payload } from './atomic-writer.ts';
import type { Mounter } from './mounts.ts';
import {
  configMapPayload,
  downwardPayload,
  projectedPayload,
  secretPayload,
  type PayloadSources,
} from './payload.ts';
import type { VolumePlugin } from './volumes.ts';

/** Every kind of volume this agent knows. */
export function volumePlugins(
  sources: PayloadSources,
  mounter: Mounter,
  clock: Clock,
): readonly VolumePlugin[] {
  const namespaceOf = (pod: Pod) => pod.metadata.namespace ?? '';
  const content = (
    source: 'configMap' | 'secret' | 'downwardAPI' | 'projected',
    directoryName: string,
    memory: boolean,
    payloadOf: (pod: Pod, volume: Volume) => Promise<Payload>,
  ): VolumePlugin => ({
    source,
    directoryName,
    inMemory: () => memory,
    readOnly: true,
    async setUp(pod, volume, directory) {
      const groupId = pod.spec.securityContext?.fsGroup;
      try {
        await writeAtomically(directory, await payloadOf(pod, volume), { nowMs: clock.now(), groupId });
      } catch (error) {
        // While the API is away, what the volume last showed is better than a container that does not come back.
        if (!isAway(error) || !(await isWritten(directory))) throw error;
      }
      return directory;
    },
  });
  return [
    emptyDir(mounter),
    hostPath,
    content('configMap', 'kubernetes.io~configmap', false, (pod, { configMap }) =>
      configMapPayload(sources, namespaceOf(pod), configMap ?? {}, configMap?.defaultMode),
    ),
    content('secret', 'kubernetes.io~secret', true, (pod, { secret }) =>
      secretPayload(sources, namespaceOf(pod), { ...secret, name: secret?.secretName }, secret?.defaultMode),
    ),
    content('downwardAPI', 'kubernetes.io~downward-api', true, (pod, { downwardAPI }) =>
      Promise.resolve(downwardPayload(sources, pod, downwardAPI?.items, downwardAPI?.defaultMode)),
    ),
    content('projected', 'kubernetes.io~projected', true, (pod, { projected }) =>
      projectedPayload(sources, pod, projected?.sources, projected?.defaultMode),
    ),
  ];
}

function isAway(error: unknown): boolean {
  return isUnavailable(error) || (error instanceof StatusError && error.reason === 'Timeout');
}

function emptyDir(mounter: Mounter): VolumePlugin {
  return {
    source: 'emptyDir',
    directoryName: 'kubernetes.io~empty-dir',
    // With medium Memory it is a file system of its own, for its size.
    inMemory: () => false,
    readOnly: false,
    async setUp(pod, volume, directory) {
      const { medium = '', sizeLimit } = volume.emptyDir ?? {};
      if (medium !== '' && medium !== 'Memory') throw new Error(`unknown storage medium "${medium}"`);
      const mounted = (await mounter.below(directory)).includes(directory);
      if (medium === 'Memory' && !mounted) {
        if (!mounter.available) throw new Error('medium "Memory" needs an agent that runs as root');
        const sizeBytes = sizeLimit === undefined ? undefined : quantityToNumber(sizeLimit);
        await mounter.tmpfs(directory, { sizeBytes: sizeBytes || undefined, mode: '0777' });
      }
      const groupId = pod.spec.securityContext?.fsGroup;
      if (groupId !== undefined) await chown(directory, 0, groupId);
      await chmod(directory, groupId === undefined ? 0o777 : 0o2777);
      return directory;
    },
  };
}

const hostPath: VolumePlugin = {
  source: 'hostPath',
  directoryName: 'kubernetes.io~host-path',
  inMemory: () => false,
  readOnly: false,
  async setUp(_pod, volume) {
    const { path, type = '' } = volume.hostPath ?? { path: '' };
    await checkHostPath(path, type);
    return path;
  },
};

/**
 * Upstream's checks (pkg/volume/hostpath). An empty type checks nothing, and what is missing then becomes a folder: the
 * CRI runtimes make it when they mount it, and manifests count on that.
 */
async function checkHostPath(path: string, type: NonNullable<HostPathVolumeSource['type']>): Promise<void> {
  if (!path.startsWith('/') || path.split('/').includes('..')) {
    throw new Error(`hostPath "${path}" must be absolute and without ".."`);
  }
  const found = await stat(path).catch(() => undefined);
  const refuse = (what: string) => new Error(`hostPath type check failed: ${path} is not ${what}`);
  switch (type) {
    case '':
      if (found === undefined) await mkdir(path, { recursive: true, mode: 0o755 });
      return;
    case 'DirectoryOrCreate':
      if (found === undefined) await mkdir(path, { recursive: true, mode: 0o755 });
      else if (!found.isDirectory()) throw refuse('a directory');
      return;
    case 'FileOrCreate':
      if (found === undefined) await (await open(path, 'a', 0o644)).close();
      else if (!found.isFile()) throw refuse('a file');
      return;
    case 'Directory':
      if (found?.isDirectory() !== true) throw refuse('a directory');
      return;
    case 'File':
      if (found?.isFile() !== true) throw refuse('a file');
      return;
    case 'Socket':
      if (found?.isSocket() !== true) throw refuse('a socket file');
      return;
    case 'CharDevice':
      if (found?.isCharacterDevice() !== true) throw refuse('a character device');
      return;
    case 'BlockDevice':
      if (found?.isBlockDevice() !== true) throw refuse('a block device');
  }
}
