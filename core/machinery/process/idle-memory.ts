import { performance } from 'node:perf_hooks';
import type { EventLoopUtilization } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { sleep } from '../clock.ts';
import type { Clock } from '../clock.ts';

/** What V8 and the event loop are asked for. */
export interface IdleMemoryProcess {
  readonly utilization: (since?: EventLoopUtilization) => EventLoopUtilization;
  readonly setFlag: (flag: string) => void;
}

const thisProcess: IdleMemoryProcess = {
  // Two measurements: the time between them.
  utilization: (since) =>
    since === undefined
      ? performance.eventLoopUtilization()
      : performance.eventLoopUtilization(performance.eventLoopUtilization(), since),
  setFlag: setFlagsFromString,
};

const lookEveryMs = 5_000;
/** Who works less than this part of the time has nothing to do. */
const idleUtilization = 0.05;

/**
 * Lets V8 give memory back while there is nothing to do, until `signal` aborts. It has a reducer for that, which
 * collects in small steps; but where little is allocated it goes on believing in the last rate it has seen, and waits
 * (upstream: v8/src/heap/memory-reducer.cc). Told that size matters it does not ask for the rate. While there is work
 * that would have it collect too often.
 */
export async function releaseMemoryWhenIdle(
  clock: Clock,
  signal: AbortSignal,
  { utilization, setFlag }: IdleMemoryProcess = thisProcess,
): Promise<void> {
  let idle = false;
  let last = utilization();
  for (;;) {
    await sleep(clock, lookEveryMs, signal).catch(() => undefined);
    const isIdle = !signal.aborted && utilization(last).utilization < idleUtilization;
    last = utilization();
    if (isIdle !== idle) setFlag(isIdle ? '--optimize-for-size' : '--no-optimize-for-size');
    idle = isIdle;
    if (signal.aborted) return;
  }
}
