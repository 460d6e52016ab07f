/** The first bytes of what comes; the source ends when they are there. */
export async function* limited(
  source: AsyncIterable<Buffer>,
  limitBytes = Number.POSITIVE_INFINITY,
): AsyncGenerator<Buffer> {
  let leftBytes = limitBytes;
  if (leftBytes <= 0) return;
  for await (const data of source) {
    yield data.length > leftBytes ? data.subarray(0, leftBytes) : data;
    leftBytes -= data.length;
    if (leftBytes <= 0) return;
  }
}
