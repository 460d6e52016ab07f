/** A check this short is over before the next key of somebody who types ten a second, so waiting would gain nothing. */
const shortMs = 80;
const longestMs = 250;

/**
 * Milliseconds between a key and the check that follows it, given how long the last check of the file took: none for
 * a short one; for a longer one a quarter of its time, so that somebody who types on is not held up by checks in vain, and
 * somebody who stops has not long to wait.
 */
export function typingPauseMs(lastCheckMs: number): number {
  return lastCheckMs <= shortMs ? 0 : Math.min(lastCheckMs / 4, longestMs);
}
