/** Milliseconds in each unit of a Go duration. */
const unitsMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** The largest duration of Go: 2^63 - 1 nanoseconds. */
const maxMs = 9_223_372_036_854.775;

/**
 * Reads a Go duration such as "1h15m30.918s" or "-1.5h" into milliseconds (time.ParseDuration).
 * @throws RangeError
 */
export function parseDurationMs(text: string): number {
  const sign = text.startsWith('-') ? -1 : 1;
  const body = /^[-+]/.test(text) ? text.slice(1) : text;
  if (body === '0') return 0;
  let totalMs = 0;
  let end = 0;
  for (const match of body.matchAll(/(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/gy)) {
    totalMs += Number(match[1]) * (unitsMs[match[2] as string] as number);
    end = match.index + match[0].length;
  }
  if (end === 0 || end < body.length)
    throw new RangeError(`Cannot read ${JSON.stringify(text)} as a duration`);
  if (totalMs > maxMs)
    throw new RangeError(`Cannot read ${JSON.stringify(text)} as a duration: it is out of range`);
  return sign * totalMs;
}

/** What Go says of a text that `parseDurationMs` refuses. */
export function durationProblem(text: string): string {
  const quoted = JSON.stringify(text);
  const body = text.replace(/^[-+]/, '');
  for (const [, unit = ''] of body.matchAll(/(?:\d+(?:\.\d*)?|\.\d+)([^\d.]*)/gy)) {
    if (unit === '') return `time: missing unit in duration ${quoted}`;
    if (!Object.hasOwn(unitsMs, unit))
      return `time: unknown unit ${JSON.stringify(unit)} in duration ${quoted}`;
  }
  return `time: invalid duration ${quoted}`;
}

/** Writes milliseconds as Go does: "1h15m30.918s", "1.5ms", "0s". Precise to a nanosecond. */
export function formatDuration(durationMs: number): string {
  const sign = durationMs < 0 ? '-' : '';
  const ns = BigInt(Math.round(Math.abs(durationMs) * 1e6));
  if (ns === 0n) return '0s';
  if (ns < 1_000n) return `${sign}${ns}ns`;
  if (ns < 1_000_000n) return `${sign}${decimal(ns, 3)}µs`;
  if (ns < 1_000_000_000n) return `${sign}${decimal(ns, 6)}ms`;
  const minutes = ns / 60_000_000_000n;
  const seconds = `${decimal(ns % 60_000_000_000n, 9)}s`;
  if (minutes === 0n) return sign + seconds;
  if (minutes < 60n) return `${sign}${minutes}m${seconds}`;
  return `${sign}${minutes / 60n}h${minutes % 60n}m${seconds}`;
}

/** The age of things in tables, to two or three digits: "45s", "3m7s", "65m", "5d21h" (apimachinery/pkg/util/duration). */
export function humanDuration(durationMs: number): string {
  const seconds = Math.trunc(durationMs / 1000);
  // Clocks of two machines differ a little; up to two seconds in the future is now.
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.trunc(seconds / 60);
  if (minutes < 10) return pair(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.trunc(minutes / 60);
  if (hours < 8) return pair(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  const days = Math.trunc(hours / 24);
  if (days < 8) return pair(days, 'd', hours % 24, 'h');
  if (days < 2 * 365) return `${days}d`;
  const years = Math.trunc(days / 365);
  if (years < 8) return pair(years, 'y', days % 365, 'd');
  return `${years}y`;
}

/** As `humanDuration`, with one unit only: "3m", "5d" (ShortHumanDuration). */
export function shortHumanDuration(durationMs: number): string {
  const seconds = Math.trunc(durationMs / 1000);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.trunc(seconds / 60);
  if (minutes < 60) return `${minutes}m`;
  const hours = Math.trunc(minutes / 60);
  if (hours < 24) return `${hours}h`;
  const days = Math.trunc(hours / 24);
  return days < 365 ? `${days}d` : `${Math.trunc(days / 365)}y`;
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large}${largeUnit}` : `${large}${largeUnit}${small}${smallUnit}`;
}

/** `value / 10^digits` without trailing zeros. */
function decimal(value: bigint, digits: number): string {
  const scale = 10n ** BigInt(digits);
  const fraction = (value % scale).toString().padStart(digits, '0').replace(/0+$/, '');
  return fraction === '' ? `${value / scale}` : `${value / scale}.${fraction}`;
}
