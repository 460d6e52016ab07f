import { readFile } from 'node:fs/promises';
import type { ContainerInspectInfo } from 'dockerode';
import type { ContainerStats } from '../runtime.ts';
import type { DockerClient } from './client.ts';
import { hasReason } from './errors.ts';

/** Where the kernel keeps a container's counters. */
interface CgroupFiles {
  readonly cpu: string;
  readonly memoryUsage: string;
  readonly memoryStat: string;
  readonly version: 1 | 2;
}

const cgroupRoot = '/sys/fs/cgroup';

/**
 * CPU and memory of running containers, read from the kernel's files: microseconds each, where Docker's one-shot API
 * takes milliseconds. That is asked where the files cannot be seen, as with a Docker elsewhere.
 */
export class StatsReader {
  readonly #client: DockerClient;
  readonly #files = new Map<string, CgroupFiles>();

  constructor(client: DockerClient) {
    this.#client = client;
  }

  /** Undefined for a container that does not run. */
  async read(info: ContainerInspectInfo, signal: AbortSignal): Promise<ContainerStats | undefined> {
    if (!info.State.Running) return undefined;
    const files = this.#files.get(info.Id) ?? (await findFiles(info));
    if (files === undefined) return this.#fromDocker(info.Id, signal);
    this.#files.set(info.Id, files);
    try {
      return await fromFiles(info.Id, files, this.#client.clock.now());
    } catch {
      // The container has ended since it was inspected, and its files with it.
      this.#files.delete(info.Id);
      return undefined;
    }
  }

  /** Forgets containers that nobody asks for any more. */
  keepOnly(containerIds: readonly string[]): void {
    const kept = new Set(containerIds);
    for (const id of this.#files.keys()) if (!kept.has(id)) this.#files.delete(id);
  }

  async #fromDocker(containerId: string, signal: AbortSignal): Promise<ContainerStats | undefined> {
    const call = {
      action: `read statistics of container "${containerId}"`,
      deadlineMs: this.#client.deadlines.quickMs,
      signal,
    };
    try {
      const stats = await this.#client.call(call, (docker, abortSignal) => {
        const options = { stream: false as const, 'one-shot': true, abortSignal };
        return docker.getContainer(containerId).stats(options);
      });
      const { usage, stats: detail } = stats.memory_stats;
      const inactive = detail?.total_inactive_file ?? detail?.inactive_file ?? 0;
      return {
        containerId,
        timestampMs: Date.parse(stats.read),
        cpuTotalNanoseconds: stats.cpu_stats.cpu_usage.total_usage,
        memoryWorkingSetBytes: Math.max(0, (usage ?? 0) - inactive),
      };
    } catch (error) {
      if (hasReason(error, 'not-found')) return undefined;
      throw error;
    }
  }
}

/** Undefined when the process is not to be seen from here or is not in the container it should be in. */
async function findFiles(info: ContainerInspectInfo): Promise<CgroupFiles | undefined> {
  const lines = await readFile(`/proc/${info.State.Pid}/cgroup`, 'utf8').catch(() => '');
  const paths = cgroupPaths(lines);
  const [unified, memory, cpu] = [paths.get(''), paths.get('memory'), paths.get('cpuacct')];
  if (memory?.includes(info.Id) === true && cpu !== undefined) {
    return {
      version: 1,
      cpu: `${cgroupRoot}/cpuacct${cpu}/cpuacct.usage`,
      memoryUsage: `${cgroupRoot}/memory${memory}/memory.usage_in_bytes`,
      memoryStat: `${cgroupRoot}/memory${memory}/memory.stat`,
    };
  }
  if (unified?.includes(info.Id) !== true) return undefined;
  return {
    version: 2,
    cpu: `${cgroupRoot}${unified}/cpu.stat`,
    memoryUsage: `${cgroupRoot}${unified}/memory.current`,
    memoryStat: `${cgroupRoot}${unified}/memory.stat`,
  };
}

/** Each controller's path from cgroups(7)'s "hierarchy:controllers:path"; version 2 has the empty name. */
function cgroupPaths(lines: string): Map<string, string> {
  const paths = new Map<string, string>();
  for (const line of lines.split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (path === undefined) continue;
    for (const controller of controllers?.split(',') ?? []) paths.set(controller, path);
  }
  return paths;
}

async function fromFiles(containerId: string, files: CgroupFiles, nowMs: number): Promise<ContainerStats> {
  const [cpu, usage, stat] = await Promise.all(
    [files.cpu, files.memoryUsage, files.memoryStat].map((path) => readFile(path, 'utf8')),
  );
  const inactive = counter(stat, files.version === 1 ? 'total_inactive_file' : 'inactive_file');
  return {
    containerId,
    timestampMs: nowMs,
    cpuTotalNanoseconds: files.version === 1 ? Number(cpu) : counter(cpu, 'usage_usec') * 1_000,
    // What the kernel could not take back at once (cAdvisor's working set).
    memoryWorkingSetBytes: Math.max(0, Number(usage) - inactive),
  };
}

function counter(text: string | undefined, name: string): number {
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text ?? '')?.[1] ?? 0);
}
