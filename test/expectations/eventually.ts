import type { SteppedClock } from '../../core/machinery/stepped-clock.ts';
import { nextTurn } from '../../core/machinery/next-turn.ts';

/** Turns of the event loop in which in-process calls that wait for nothing but each other come to an end. */
const turnsBetweenSteps = 10;
const stepMs = 50;

/** Lets promises and immediates run that need no time. */
export async function settle(turns = turnsBetweenSteps): Promise<void> {
  for (let i = 0; i < turns; i++) await nextTurn();
}

/**
 * Moves time until the assertion holds: at once where it can, at most `limitMs` of the clock. Fails with what the
 * assertion said last.
 */
export async function expectEventually(
  clock: SteppedClock,
  assertion: () => void | Promise<void>,
  limitMs = 60_000,
): Promise<void> {
  const endMs = clock.monotonicMs() + limitMs;
  for (;;) {
    await settle();
    try {
      await assertion();
      return;
    } catch (error) {
      if (clock.monotonicMs() >= endMs) throw error;
    }
    await clock.advanceAsync(Math.min(stepMs, Math.max(1, clock.nextTimerMs ?? stepMs)));
  }
}

/** Fails when the assertion does not hold all the time. */
export async function expectThroughout(
  clock: SteppedClock,
  assertion: () => void | Promise<void>,
  durationMs: number,
): Promise<void> {
  const endMs = clock.monotonicMs() + durationMs;
  while (clock.monotonicMs() < endMs) {
    await settle();
    await assertion();
    await clock.advanceAsync(stepMs);
  }
}
