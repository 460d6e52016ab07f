import { openSync, readSync } from 'node:fs';
import { PerformanceObserver } from 'node:perf_hooks';

/** How a process did since it was asked last. */
export interface LoopReport {
  /** The longest time that the event loop came late to a timer, as far as its thread was computing. */
  readonly stallMs: number;
  /** The longest pause for garbage collection. */
  readonly pauseMs: number;
  readonly cpuMs: number;
  readonly residentMegabytes: number;
}

const tickMs = 5;

/**
 * Watches the event loop of its own process; each report begins a new one. A stall is counted in the processor's
 * time: on a busy machine a thread waits for its turn, and that is no stall of its own. Nor is what V8's other threads
 * do meanwhile.
 */
export function watchLoop(): () => LoopReport {
  let stallMs = 0;
  let pauseMs = 0;
  let lastMs = performance.now();
  let lastThreadMs = threadMs();
  const look = () => {
    const nowMs = performance.now();
    const nowThreadMs = threadMs();
    stallMs = Math.max(stallMs, Math.min(nowMs - lastMs - tickMs, nowThreadMs - lastThreadMs));
    lastMs = nowMs;
    lastThreadMs = nowThreadMs;
  };
  setInterval(look, tickMs).unref();
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) pauseMs = Math.max(pauseMs, duration);
  }).observe({ entryTypes: ['gc'] });
  let before = process.cpuUsage();
  return () => {
    // Whoever asks may come before a timer that is late.
    look();
    const { user, system } = process.cpuUsage(before);
    const cpuMs = (user + system) / 1_000;
    const report = { stallMs, pauseMs, cpuMs, residentMegabytes: process.memoryUsage().rss / 2 ** 20 };
    [stallMs, pauseMs] = [0, 0];
    before = process.cpuUsage();
    return report;
  };
}

/** Left open: what looks two hundred times a second is part of what it measures. */
const schedstat = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r');
const shown = Buffer.alloc(100);

/** What the process's first thread, that of the event loop, has computed (proc(5): schedstat, in nanoseconds). */
function threadMs(): number {
  const length = readSync(schedstat, shown, 0, shown.length, 0);
  return Number.parseInt(shown.toString('latin1', 0, length), 10) / 1e6;
}
