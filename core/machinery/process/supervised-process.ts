import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, copyFileSync, mkdirSync, openSync, statSync, truncateSync } from 'node:fs';
import { dirname } from 'node:path';
import { sleep } from '../clock.ts';
import type { Clock } from '../clock.ts';
import { identify, isAlive, readPidFile, removePidFile, signalProcess, writePidFile } from './process-id.ts';
import type { ProcessId } from './process-id.ts';

export interface ProcessSpec {
  /** For messages. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Standard output and error are appended here; kept below twice `maxLogBytes` with the one before as `.1`. */
  readonly logFile: string;
  readonly pidFile: string;
  /** How long it may take to end after SIGTERM before it is killed. */
  readonly stopGraceMs: number;
}

const maxLogBytes = 10_000_000;
const firstRestartDelayMs = 200;
const longestRestartDelayMs = 10_000;
/** A process that ran this long failed for a new reason: the back-off starts over. */
const stableAfterMs = 30_000;
/** Node cannot wait for a process that is not its child (no pidfd), so an adopted one is looked at this often. */
const adoptedCheckMs = 250;

/**
 * Keeps one process running until `signal` aborts: restarts it with back-off, and adopts the one that an earlier
 * supervisor left behind, so that a supervisor may die at any instant. When aborted, leaves the process running;
 * `stopProcess` ends it.
 */
export async function superviseProcess(
  spec: ProcessSpec,
  clock: Clock,
  signal: AbortSignal,
  report: (text: string) => void,
): Promise<void> {
  let delayMs = firstRestartDelayMs;
  while (!signal.aborted) {
    const startedMs = clock.monotonicMs();
    const why = await runOnce(spec, clock, signal);
    if (signal.aborted) return;
    if (clock.monotonicMs() - startedMs > stableAfterMs) delayMs = firstRestartDelayMs;
    report(`${spec.name} ${why}; starting it again in ${delayMs} ms (log: ${spec.logFile})`);
    await sleep(clock, delayMs, signal).catch(() => undefined);
    delayMs = Math.min(delayMs * 2, longestRestartDelayMs);
  }
}

/** Ends the process that the pid file names, by SIGTERM and then SIGKILL. Resolves when it is gone. */
export async function stopProcess(
  spec: Pick<ProcessSpec, 'pidFile' | 'stopGraceMs'>,
  clock: Clock,
): Promise<void> {
  const id = readPidFile(spec.pidFile);
  if (id !== undefined) {
    signalProcess(id, 'SIGTERM');
    const deadlineMs = clock.monotonicMs() + spec.stopGraceMs;
    while (isAlive(id)) {
      if (clock.monotonicMs() > deadlineMs) signalProcess(id, 'SIGKILL');
      await sleep(clock, 20);
    }
  }
  removePidFile(spec.pidFile);
}

/** Resolves with how the process ended, or when the signal aborts. */
async function runOnce(spec: ProcessSpec, clock: Clock, signal: AbortSignal): Promise<string> {
  const running = readPidFile(spec.pidFile);
  if (running !== undefined) return waitForAdopted(running, clock, signal);
  const child = startProcess(spec);
  return waitForChild(child, signal);
}

/** Starts the process in a session of its own, so that it outlives whoever started it, and writes its pid file. */
export function startProcess(spec: ProcessSpec): ChildProcess {
  mkdirSync(dirname(spec.logFile), { recursive: true });
  mkdirSync(dirname(spec.pidFile), { recursive: true });
  rotateLog(spec.logFile);
  const log = openSync(spec.logFile, 'a', 0o600);
  try {
    const child = spawn(spec.command, spec.args, {
      detached: true,
      stdio: ['ignore', log, log],
      env: { ...process.env, ...spec.env },
    });
    const id = child.pid === undefined ? undefined : identify(child.pid);
    if (id !== undefined) writePidFile(spec.pidFile, id);
    return child;
  } finally {
    closeSync(log);
  }
}

function waitForChild(child: ChildProcess, signal: AbortSignal): Promise<string> {
  return new Promise((resolve) => {
    const onAbort = () => {
      child.unref();
      resolve('was left running');
    };
    child.once('error', (error) => {
      signal.removeEventListener('abort', onAbort);
      resolve(`could not be started: ${error.message}`);
    });
    child.once('exit', (code, killedBy) => {
      signal.removeEventListener('abort', onAbort);
      resolve(killedBy === null ? `ended with code ${code}` : `was killed by ${killedBy}`);
    });
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

async function waitForAdopted(id: ProcessId, clock: Clock, signal: AbortSignal): Promise<string> {
  while (isAlive(id)) {
    await sleep(clock, adoptedCheckMs, signal).catch(() => undefined);
    if (signal.aborted) return 'was left running';
  }
  return 'ended';
}

/**
 * Copies a log that has grown too large aside and empties it in place: the process keeps its descriptor, which
 * appends. Call it from time to time.
 */
export function rotateLog(path: string): void {
  try {
    if (statSync(path).size < maxLogBytes) return;
    copyFileSync(path, `${path}.1`);
    truncateSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
