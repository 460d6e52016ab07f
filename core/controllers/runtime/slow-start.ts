/**
 * Calls `act` for 0 up to `count`, one call first and then batches of double the size, and stops after a batch
 * in which a call failed: a quota or a broken template is met once, not a thousand times (upstream: slowStartBatch).
 * Resolves to the number of calls made and the first error.
 */
export async function slowStart(
  count: number,
  act: (index: number) => Promise<void>,
): Promise<{ readonly attempted: number; readonly error: unknown }> {
  let attempted = 0;
  for (let size = Math.min(count, 1); size > 0; size = Math.min(2 * size, count - attempted)) {
    const first = attempted;
    const results = await Promise.allSettled(Array.from({ length: size }, (_, index) => act(first + index)));
    attempted += size;
    const failure = results.find((result) => result.status === 'rejected');
    if (failure !== undefined) return { attempted, error: failure.reason as unknown };
  }
  return { attempted, error: undefined };
}
