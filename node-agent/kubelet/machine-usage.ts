import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';

export interface MachineUsage {
  /** Since the machine started. */
  readonly cpuTotalNanoseconds: number;
  readonly memoryWorkingSetBytes: number;
}

/** What everything on this machine uses, containers or not; undefined where the kernel does not tell. */
export async function readMachineUsage(): Promise<MachineUsage | undefined> {
  const memory = await readFile('/proc/meminfo', 'utf8').catch(() => '');
  const total = kilobytes(memory, 'MemTotal');
  const available = kilobytes(memory, 'MemAvailable');
  if (total === undefined || available === undefined) return undefined;
  const busyMs = cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
  return { cpuTotalNanoseconds: busyMs * 1e6, memoryWorkingSetBytes: (total - available) * 1024 };
}

function kilobytes(text: string, name: string): number | undefined {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
}
