/** Of a second there are many in a row. */
let last = { second: NaN, text: '' };

/** RFC 3339 in UTC with whole seconds, as metav1.Time writes it. */
export function timestamp(ms: number): string {
  const second = Math.floor(ms / 1000);
  if (second !== last.second)
    last = { second, text: new Date(second * 1000).toISOString().replace('.000Z', 'Z') };
  return last.text;
}

/** RFC 3339 in UTC with microseconds, as metav1.MicroTime writes it. */
export function microTimestamp(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}

/** Milliseconds since the epoch of an RFC 3339 text; undefined when absent or unreadable. */
export function parseTimestamp(text: string | undefined | null): number | undefined {
  if (text === undefined || text === null) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}
