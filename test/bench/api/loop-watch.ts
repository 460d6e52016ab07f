import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';

/** How a process did since it was asked last. */
export interface LoopReport {
  /** The longest time that the event loop came late to a timer. */
  readonly stallMs: number;
  /** The longest pause for garbage collection. */
  readonly pauseMs: number;
  readonly cpuMs: number;
  readonly residentMegabytes: number;
}

const resolutionMs = 2;

/** Watches the event loop of its own process; each report begins a new one. */
export function watchLoop(): () => LoopReport {
  const delay = monitorEventLoopDelay({ resolution: resolutionMs });
  delay.enable();
  let pauseMs = 0;
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) pauseMs = Math.max(pauseMs, duration);
  }).observe({ entryTypes: ['gc'] });
  let before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    const report = {
      stallMs: Math.max(0, delay.max / 1e6 - resolutionMs),
      pauseMs,
      cpuMs: (user + system) / 1_000,
      residentMegabytes: process.memoryUsage().rss / 2 ** 20,
    };
    delay.reset();
    pauseMs = 0;
    before = process.cpuUsage();
    return report;
  };
}
