const quote = 0x22;
const backslash = 0x5c;
const colon = 0x3a;
const comma = 0x2c;
const opening = 0x7b;
const closing = 0x7d;

/** What stands before the labels in stored bytes; behind them nothing can be the labels any more. */
const before: ReadonlySet<string> = new Set(['name', 'generateName', 'namespace', 'uid', 'resourceVersion']);

/**
 * The JSON of metadata.labels in stored bytes whose metadata has its first member at `start`; undefined where there
 * are none. It reads only what stands in front: the order of the members is the encoder's.
 */
export function labelsText(bytes: Buffer, start: number): string | undefined {
  for (let at = start; bytes[at] === quote;) {
    const keyEnd = stringEnd(bytes, at);
    const key = bytes.toString('latin1', at + 1, keyEnd - 1);
    if (bytes[keyEnd] !== colon) return undefined;
    const value = keyEnd + 1;
    if (key === 'labels') return bytes[value] === opening ? objectText(bytes, value) : undefined;
    if (!before.has(key) || bytes[value] !== quote) return undefined;
    const end = stringEnd(bytes, value);
    if (bytes[end] !== comma) return undefined;
    at = end + 1;
  }
  return undefined;
}

/** An object whose values are strings. */
function objectText(bytes: Buffer, start: number): string {
  let at = start + 1;
  while (at < bytes.length && bytes[at] !== closing) at = bytes[at] === quote ? stringEnd(bytes, at) : at + 1;
  return bytes.toString('utf8', start, at + 1);
}

/** Just behind the closing quote of the string that begins at `start`. */
function stringEnd(bytes: Buffer, start: number): number {
  for (let at = start + 1; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === quote) return at + 1;
    if (byte === backslash) at++;
  }
  return bytes.length;
}
