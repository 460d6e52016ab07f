import { PerformanceObserver } from 'node:perf_hooks';

/** How a process did since it was asked last. */
export interface LoopReport {
  /** The longest time that the event loop came late to a timer, as far as the process was computing. */
  readonly stallMs: number;
  /** The longest pause for garbage collection. */
  readonly pauseMs: number;
  readonly cpuMs: number;
  readonly residentMegabytes: number;
}

const tickMs = 5;

/**
 * Watches the event loop of its own process; each report begins a new one. A stall is counted in the processor's
 * time: on a busy machine a process waits for its turn, and that is no stall of its own.
 */
export function watchLoop(): () => LoopReport {
  let stallMs = 0;
  let pauseMs = 0;
  let lastMs = performance.now();
  let lastCpu = process.cpuUsage();
  setInterval(() => {
    const nowMs = performance.now();
    const { user, system } = process.cpuUsage(lastCpu);
    stallMs = Math.max(stallMs, Math.min(nowMs - lastMs - tickMs, (user + system) / 1_000));
    lastMs = nowMs;
    lastCpu = process.cpuUsage();
  }, tickMs).unref();
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) pauseMs = Math.max(pauseMs, duration);
  }).observe({ entryTypes: ['gc'] });
  let before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    const cpuMs = (user + system) / 1_000;
    const report = { stallMs, pauseMs, cpuMs, residentMegabytes: process.memoryUsage().rss / 2 ** 20 };
    [stallMs, pauseMs] = [0, 0];
    before = process.cpuUsage();
    return report;
  };
}
