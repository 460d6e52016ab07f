/** A check this short is not felt, so it need not wait for what is typed next. */
const unfeltMs = 10;
const longestMs = 250;

/**
 * Milliseconds between a key and the check that follows it, given how long the last check of the file took: none for
 * a short one; for a longer one a quarter of its time, so that somebody who types on is not held up by checks in vain, and
 * somebody who stops has not long to wait.
 */
export function typingPauseMs(lastCheckMs: number): number {
  return lastCheckMs <= unfeltMs ? 0 : Math.min(lastCheckMs / 4, longestMs);
}
