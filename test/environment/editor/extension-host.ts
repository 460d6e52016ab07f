import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { runProgram } from '../../../shell/cluster/host.ts';

const activateScript = resolve(import.meta.dirname, '../../../.dev/activate-extension.cjs');
const activateTimeoutMs = 30_000;

/** What loading and activating the packed bundle takes in a process that does nothing else, on this machine, now. */
export async function timeActivation(): Promise<{ readonly loadMs: number; readonly activateMs: number }> {
  const text = await runProgram(process.execPath, [activateScript], { timeoutMs: activateTimeoutMs });
  return JSON.parse(text) as { loadMs: number; activateMs: number };
}

/** What it takes to start Node and to end it again, on this machine, now: what nothing of ours has a part in. */
export async function timeBareStart(): Promise<number> {
  const startedMs = performance.now();
  await runProgram(process.execPath, ['-e', '0'], { timeoutMs: activateTimeoutMs });
  return performance.now() - startedMs;
}

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
