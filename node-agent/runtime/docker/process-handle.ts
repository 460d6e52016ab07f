import { readFile } from 'node:fs/promises';

/** A process on this machine, told from a later one with the same number by when it started. */
export interface ProcessHandle {
  readonly pid: number;
  /** Clock ticks since boot, field 22 of proc(5)'s stat. */
  readonly startTicks: string;
}

interface ProcessStat {
  readonly groupId: number;
  readonly startTicks: string;
}

/**
 * The process Docker names, when it can be seen from here and is in that container: an agent in a process namespace
 * of its own, or one that talks to a Docker elsewhere, must not kill whoever has that number here.
 */
export async function processInContainer(
  pid: number,
  containerId: string,
): Promise<ProcessHandle | undefined> {
  const stat = await readStat(pid);
  const cgroups = await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '');
  if (stat === undefined || !cgroups.includes(containerId)) return undefined;
  return { pid, startTicks: stat.startTicks };
}

/**
 * Kills the process and its group; Docker makes each exec'd process the leader of its own session and group.
 * False when it is gone or may not be killed from here.
 */
export async function killProcess(handle: ProcessHandle): Promise<boolean> {
  const stat = await readStat(handle.pid);
  if (stat?.startTicks !== handle.startTicks) return false;
  try {
    process.kill(stat.groupId === handle.pid ? -handle.pid : handle.pid, 'SIGKILL');
    return true;
  } catch {
    return false;
  }
}

async function readStat(pid: number): Promise<ProcessStat | undefined> {
  if (!Number.isSafeInteger(pid) || pid <= 1) return undefined;
  const line = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The program's name is in brackets and may hold any character, brackets and spaces too.
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const [groupId, startTicks] = [fields[2], fields[19]];
  return groupId === undefined || startTicks === undefined
    ? undefined
    : { groupId: Number(groupId), startTicks };
}
