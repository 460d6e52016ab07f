import { describe, expect, test } from 'vitest';
import type { Probe } from '../../core/api/generated/core-v1.ts';
import { SteppedClock } from '../../core/machinery/stepped-clock.ts';
import type { CheckResult } from './checks.ts';
import { ProbeWorker, type ProbeKind } from './probe-worker.ts';

const success: CheckResult = { kind: 'success' };
const failure: CheckResult = { kind: 'failure', message: 'no' };

function setUp(kind: ProbeKind, probe: Probe) {
  const clock = new SteppedClock();
  const log: string[] = [];
  const scene = { answer: success as CheckResult | 'hang', mayRun: true, checks: [] as number[] };
  const startMs = clock.monotonicMs();
  const worker = new ProbeWorker({
    kind,
    probe,
    clock,
    signal: new AbortController().signal,
    startedAtMs: clock.now(),
    jitter: 0.5,
    async check(signal) {
      scene.checks.push((clock.monotonicMs() - startMs) / 1000);
      if (scene.answer !== 'hang') return scene.answer;
      return await new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      });
    },
    mayRun: () => scene.mayRun,
    onResult: (result) => log.push(`${(clock.monotonicMs() - startMs) / 1000}s ${result}`),
    onUnhealthy: (_, message) => log.push(message),
  });
  worker.start();
  return { clock, scene, log, worker };
}

describe('a probe', () => {
  test('waits for its initial delay, then runs every period', async () => {
    const { clock, scene } = setUp('readiness', { initialDelaySeconds: 5, periodSeconds: 2 });
    await clock.advanceAsync(10_000);
    expect(scene.checks).toEqual([5, 7, 9]);
  });

  test('changes its result at the thresholds only, and tells each change once', async () => {
    const { clock, scene, log } = setUp('readiness', {
      periodSeconds: 1,
      successThreshold: 2,
      failureThreshold: 3,
    });
    await clock.advanceAsync(3_500);
    scene.answer = failure;
    await clock.advanceAsync(5_000);
    scene.answer = success;
    await clock.advanceAsync(3_000);
    expect(log.filter((line) => line.includes('s '))).toEqual(['1s success', '6s failure', '10s success']);
  });

  test('one success between failures starts the count anew', async () => {
    const { clock, scene, worker } = setUp('liveness', { periodSeconds: 1, failureThreshold: 2 });
    scene.answer = failure;
    await clock.advanceAsync(500);
    for (const answer of [success, failure, success]) {
      scene.answer = answer;
      await clock.advanceAsync(1_000);
    }
    expect(worker.result).toBe('success');
  });

  test('that does not answer in time has failed', async () => {
    const { clock, scene, log, worker } = setUp('liveness', {
      periodSeconds: 1,
      timeoutSeconds: 1,
      failureThreshold: 1,
    });
    scene.answer = 'hang';
    await clock.advanceAsync(1_000);
    expect(log).toEqual(['failed: timeout: 1s', '1s failure']);
    expect(worker.result).toBe('failure');
  });

  test('tells what went wrong each time', async () => {
    const { clock, scene, log } = setUp('readiness', { periodSeconds: 1 });
    scene.answer = { kind: 'error', message: 'refused' };
    await clock.advanceAsync(1_500);
    expect(log).toEqual(['errored: refused', 'errored: refused']);
  });

  test('of liveness that failed for good rests: the container is about to go', async () => {
    const { clock, scene } = setUp('liveness', { periodSeconds: 1, failureThreshold: 2 });
    scene.answer = failure;
    await clock.advanceAsync(10_000);
    expect(scene.checks).toHaveLength(2);
  });

  test('of startup ends with its success', async () => {
    const { clock, scene } = setUp('startup', { periodSeconds: 1 });
    await clock.advanceAsync(10_000);
    expect(scene.checks).toHaveLength(1);
  });

  test('held back by the startup probe runs soon after it', async () => {
    const { clock, scene, worker } = setUp('readiness', { periodSeconds: 10 });
    scene.mayRun = false;
    await clock.advanceAsync(3_000);
    scene.mayRun = true;
    worker.runSoon();
    await clock.advanceAsync(100);
    expect(scene.checks).toEqual([3]);
  });

  test('that was stopped stays silent', async () => {
    const { clock, scene, log, worker } = setUp('liveness', { periodSeconds: 1, failureThreshold: 1 });
    scene.answer = 'hang';
    await clock.advanceAsync(500);
    worker.stop();
    await clock.advanceAsync(5_000);
    expect(log).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });
});
