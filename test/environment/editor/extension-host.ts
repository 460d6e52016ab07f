import { readFileSync } from 'node:fs';

/** Linux counts a process's time in hundredths of a second (proc(5), sysconf(_SC_CLK_TCK)). */
const tickMs = 10;

/** The process that runs the extension, known by what the extension wrote to its log. */
export class ExtensionHost {
  readonly pid: number;

  constructor(log: string) {
    const pids = [...log.matchAll(/Activated in \d+ ms, on the workspace side, in process (\d+)/g)];
    const pid = pids.at(-1)?.[1];
    if (pid === undefined) throw new Error(`The log does not say where the extension runs:\n${log}`);
    this.pid = Number(pid);
  }

  /** Time of the processor that it has used. */
  cpuMs(): number {
    const [user = 0, system = 0] = statOf(this.pid).slice(11, 13).map(Number);
    return (user + system) * tickMs;
  }

  /** Whether a process started it, at any remove. */
  isBelow(ancestor: number): boolean {
    for (let pid = this.pid; pid > 1; pid = Number(statOf(pid)[1])) if (pid === ancestor) return true;
    return false;
  }
}

/** The fields of /proc/PID/stat that follow the program's name: state, parent and so on. */
function statOf(pid: number): readonly string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}
