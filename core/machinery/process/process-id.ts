import { execFileSync } from 'node:child_process';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

/** A process that cannot be mistaken for a later one with the same number. */
export interface ProcessId {
  readonly pid: number;
  /** Opaque: equal for the same process, different after the number was used again. */
  readonly startedAt: string;
}

/** The identity of a running process, or undefined when there is none (zombies do not count). */
export function identify(pid: number): ProcessId | undefined {
  const startedAt = process.platform === 'linux' ? startTimeFromProc(pid) : startTimeFromPs(pid);
  return startedAt === undefined ? undefined : { pid, startedAt };
}

export function isAlive(id: ProcessId): boolean {
  return identify(id.pid)?.startedAt === id.startedAt;
}

/** Sends `signal` only if it is still the same process. Returns whether it was. */
export function signalProcess(id: ProcessId, signal: NodeJS.Signals): boolean {
  if (!isAlive(id)) return false;
  try {
    process.kill(id.pid, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/** Reads what `writePidFile` wrote; undefined when the file is absent, torn, or names a process that is gone. */
export function readPidFile(path: string): ProcessId | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
  const [pid, ...rest] = text.trim().split(' ');
  const id = { pid: Number(pid), startedAt: rest.join(' ') };
  return Number.isInteger(id.pid) && id.pid > 0 && isAlive(id) ? id : undefined;
}

export function writePidFile(path: string, id: ProcessId): void {
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, `${id.pid} ${id.startedAt}\n`);
  renameSync(temporary, path);
}

export function removePidFile(path: string): void {
  rmSync(path, { force: true });
}

/** Field 22 of /proc/PID/stat, in clock ticks since boot; field 3 is the state (proc(5)). */
function startTimeFromProc(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command name may hold spaces and parentheses, so count from its end.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function startTimeFromPs(pid: number): string | undefined {
  try {
    const text = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      timeout: 5_000,
    });
    return text.trim() === '' ? undefined : text.trim();
  } catch {
    return undefined;
  }
}
