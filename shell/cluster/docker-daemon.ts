import { readFileSync, rmSync } from 'node:fs';
import { identify } from '../../core/machinery/process/process-id.ts';
import { processName } from './host.ts';

/** Files in which a daemon keeps its process number, and the name of the program that must be behind it. */
const pidFiles = [
  { path: '/var/run/docker.pid', program: 'dockerd' },
  { path: '/var/run/docker/containerd/containerd.pid', program: 'containerd' },
] as const;

/**
 * A killed Docker daemon leaves its pid file behind. When the number was given to another process since, a new
 * daemon refuses to start; so files that name anything but the daemon are removed. A daemon that still runs is
 * never touched.
 */
export function removeStaleDockerFiles(): void {
  for (const { path, program } of pidFiles) {
    const pid = Number(readText(path));
    if (!Number.isInteger(pid) || pid <= 0) continue;
    if (identify(pid) === undefined || processName(pid) !== program) rmSync(path, { force: true });
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}
