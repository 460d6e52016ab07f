import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pod, Volume, VolumeMount } from '../../core/api/generated/core-v1.ts';
import type { Mounter } from './mounts.ts';
import { openInside } from './sub-path.ts';
import { VolumeError, type PodVolumes, type PreparedVolumes, type VolumePlugin } from './volumes.ts';

export interface VolumeManagerOptions {
  /** Holds `pods/<uid>/…`, and `memory/` for what must not reach a disk. */
  readonly dataDirectory: string;
  readonly plugins: readonly VolumePlugin[];
  readonly mounter: Mounter;
}

/** Uids and names become directory names: nothing else may. */
const safeName = /^[A-Za-z0-9][\w.-]*$/;

export class VolumeManager implements PodVolumes {
  readonly simulated = false;
  readonly #options: VolumeManagerOptions;
  readonly #pods: string;
  readonly #memory: string;
  #memoryMounted: Promise<void> | undefined;

  constructor(options: VolumeManagerOptions) {
    this.#options = options;
    this.#pods = join(options.dataDirectory, 'pods');
    this.#memory = join(options.dataDirectory, 'memory');
  }

  async prepare(pod: Pod, signal: AbortSignal): Promise<PreparedVolumes> {
    const paths = new Map<string, { path: string; readOnly: boolean }>();
    for (const volume of pod.spec.volumes ?? []) {
      const plugin = this.#pluginFor(volume);
      try {
        const directory = await this.#volumeDirectory(pod, volume, plugin);
        const path = await plugin.setUp(pod, volume, directory, signal);
        paths.set(volume.name, { path, readOnly: plugin.readOnly });
      } catch (error) {
        signal.throwIfAborted();
        const why = error instanceof Error ? error.message : String(error);
        throw new VolumeError(volume.name, why, { cause: error });
      }
    }
    const uid = pod.metadata.uid ?? '';
    return {
      isReadOnly: (volume) => paths.get(volume)?.readOnly ?? false,
      hostPath: async (container, mount, subPath, index) => {
        const found = paths.get(mount.name);
        if (found === undefined) throw new VolumeError(mount.name, 'the Pod has no volume of that name');
        if (subPath === '') return found.path;
        return await this.#subPath(uid, container, mount, found.path, subPath, index);
      },
    };
  }

  async tearDown(podUid: string): Promise<void> {
    const { mounter } = this.#options;
    const directory = this.#podPath(podUid);
    for (const point of await mounter.below(directory)) await mounter.unmount(point);
    // Removing through a mount would remove what belongs to others.
    const left = await mounter.below(directory);
    if (left.length > 0) throw new Error(`Cannot remove "${directory}": "${left[0]}" is still mounted`);
    await rm(directory, { recursive: true, force: true });
    await rm(join(this.#memory, podUid), { recursive: true, force: true });
  }

  async podUids(): Promise<readonly string[]> {
    const entries = await readdir(this.#pods).catch(() => []);
    return entries.filter((entry) => safeName.test(entry));
  }

  async podDirectory(podUid: string): Promise<string> {
    return await made(this.#podPath(podUid), 0o750);
  }

  async containerDirectory(podUid: string, container: string): Promise<string> {
    return await made(join(this.#podPath(podUid), 'containers', checked(container)), 0o750);
  }

  #pluginFor(volume: Volume): VolumePlugin {
    const { name, ...sources } = volume;
    const present = Object.entries(sources).filter(([, source]) => source !== undefined);
    // The API's default for a volume without a source.
    if (present.length === 0) present.push(['emptyDir', {}]);
    const plugin = this.#options.plugins.find(({ source }) => source === present[0]?.[0]);
    if (plugin !== undefined) return plugin;
    throw new VolumeError(name, `volumes of type "${present[0]?.[0]}" are not supported by this agent`);
  }

  async #volumeDirectory(pod: Pod, volume: Volume, plugin: VolumePlugin): Promise<string> {
    if (plugin.source === 'hostPath') return '';
    const uid = checked(pod.metadata.uid ?? '');
    if (plugin.inMemory(volume) && this.#options.mounter.available) {
      await (this.#memoryMounted ??= this.#mountMemory());
      return await made(join(this.#memory, uid, checked(volume.name)), 0o755);
    }
    const directory = join(this.#podPath(uid), 'volumes', plugin.directoryName, checked(volume.name));
    return await made(directory, 0o755);
  }

  /** One file system in memory for all secrets of the node: a mount for each would cost every Pod its time. */
  async #mountMemory(): Promise<void> {
    try {
      const { mounter } = this.#options;
      await made(this.#memory, 0o700);
      const mounted = (await mounter.below(this.#memory)).includes(this.#memory);
      if (!mounted) await mounter.tmpfs(this.#memory, { sizeBytes: undefined, mode: '0700' });
    } catch (error) {
      this.#memoryMounted = undefined;
      throw error;
    }
  }

  async #subPath(
    podUid: string,
    container: string,
    mount: VolumeMount,
    volume: string,
    subPath: string,
    index: number,
  ): Promise<string> {
    const { mounter } = this.#options;
    const handle = await openInside(volume, subPath).catch((error: unknown) => {
      throw new VolumeError(mount.name, (error as Error).message, { cause: error });
    });
    try {
      const parent = join(this.#podPath(podUid), 'volume-subpaths', checked(mount.name), checked(container));
      const target = join(await made(parent, 0o750), String(index));
      if (!mounter.available) throw new VolumeError(mount.name, 'subPath needs an agent that runs as root');
      if ((await mounter.below(target)).includes(target)) await mounter.unmount(target);
      if ((await handle.stat()).isDirectory()) await made(target, 0o750);
      else await writeFile(target, '', { mode: 0o640 });
      await mounter.bindDescriptor(handle.fd, target);
      return target;
    } finally {
      await handle.close();
    }
  }

  #podPath(podUid: string): string {
    return join(this.#pods, checked(podUid));
  }
}

async function made(directory: string, mode: number): Promise<string> {
  await mkdir(directory, { recursive: true, mode });
  return directory;
}

function checked(name: string): string {
  if (!safeName.test(name)) throw new Error(`Cannot use "${name}" as the name of a directory`);
  return name;
}
