/**
 * Does the work of every item, of at most `limit` items at a time; resolves to what it gave, in the order of the
 * items. Rejects with the first failure, or when the signal aborts between two of them; nothing begins after that.
 */
export async function mapAtMost<T, R>(
  limit: number,
  items: readonly T[],
  work: (item: T) => Promise<R>,
  signal: AbortSignal,
): Promise<R[]> {
  const results: R[] = Array.from({ length: items.length });
  const waiting = items.entries();
  let failed = false;
  const take = async () => {
    for (const [at, item] of waiting) {
      if (failed) return;
      signal.throwIfAborted();
      results[at] = await work(item);
    }
  };
  const takers = Array.from({ length: Math.min(limit, items.length) }, () =>
    take().catch((error: unknown) => {
      failed = true;
      throw error;
    }),
  );
  await Promise.all(takers);
  return results;
}
