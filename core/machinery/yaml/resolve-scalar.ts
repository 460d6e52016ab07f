import { isAltered } from '../integers.ts';

export type ScalarValue = string | number | boolean | null;

const words = new Map<string, ScalarValue>([
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map(
    (word): [string, boolean] => [word, true],
  ),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map(
    (word): [string, boolean] => [word, false],
  ),
  ...['', '~', 'null', 'Null', 'NULL'].map((word): [string, null] => [word, null]),
  ...['.nan', '.NaN', '.NAN'].map((word): [string, number] => [word, NaN]),
  ...['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'].map((word): [string, number] => [word, Infinity]),
  ...['-.inf', '-.Inf', '-.INF'].map((word): [string, number] => [word, -Infinity]),
]);

const float = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/;
const integer = /^([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))$/;

/**
 * What a plain scalar means to kubectl, whose parser follows YAML 1.1 (go-yaml v2, resolve.go): yes, on and y are
 * booleans, 0400 is octal, 1_000 is a number; but 12:30 and 2030-01-01 are strings.
 */
export function resolvePlainScalar(text: string): ScalarValue {
  const word = words.get(text);
  if (word !== undefined) return word;
  return /^[-+.0-9]/.test(text) ? (resolveNumber(text) ?? text) : text;
}

const timestamp =
  /^(\d{4})-(\d\d?)-(\d\d?)(?:(?:[Tt](\d\d?):(\d\d?):(\d\d?)(?:\.\d+)?(?:Z|[-+]\d\d:\d\d))|(?: (\d\d?):(\d\d?):(\d\d?)(?:\.\d+)?))?$/;

/** Times that go-yaml knows as such when it writes, and therefore quotes (parseTimestamp). */
export function looksLikeTimestamp(text: string): boolean {
  const match = timestamp.exec(text);
  if (match === null) return false;
  const [year, month, day, hour, minute, second] = [1, 2, 3, 4, 5, 6].map((group) =>
    Number(match[group] ?? match[group + 3] ?? 0),
  ) as [number, number, number, number, number, number];
  const daysInMonth = new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
  const isDate = month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth;
  return isDate && hour < 24 && minute < 60 && second < 60;
}

function resolveNumber(text: string): number | undefined {
  if (text.length > 1000) return undefined;
  // What begins with a dot is taken as it is, without the digit separators.
  const plain = text.startsWith('.') ? text : text.replaceAll('_', '');
  const [matched, sign, hex, binary, octal, decimal] = integer.exec(plain) ?? [];
  if (matched !== undefined && isInteger64(sign === '-', hex, binary, octal, decimal)) {
    const magnitude =
      hex !== undefined
        ? Number(`0x${hex}`)
        : binary !== undefined
          ? Number(`0b${binary}`)
          : octal !== undefined
            ? Number(`0o${octal}`)
            : Number(decimal);
    return sign === '-' ? 0 - magnitude : magnitude;
  }
  return float.test(plain) ? Number(plain) + 0 : undefined;
}

/** Whether another number would be written back than the integer that was read. */
export function isAlteredInteger(text: string, value: number): boolean {
  if (Number.isSafeInteger(value) || !Number.isInteger(value)) return false;
  const [matched, sign = '', hex, binary, octal, decimal] = integer.exec(text.replaceAll('_', '')) ?? [];
  return matched !== undefined && isAltered(sign + literalOf(hex, binary, octal, decimal));
}

/** Wider integers are no integers to Go; the decimal ones among them become floats, the others stay strings. */
function isInteger64(
  negative: boolean,
  hex?: string,
  binary?: string,
  octal?: string,
  decimal?: string,
): boolean {
  return BigInt(literalOf(hex, binary, octal, decimal)) <= (negative ? 2n ** 63n : 2n ** 64n - 1n);
}

function literalOf(hex?: string, binary?: string, octal?: string, decimal?: string): string {
  if (hex !== undefined) return `0x${hex}`;
  if (binary !== undefined) return `0b${binary}`;
  return octal === undefined ? (decimal ?? '') : `0o${octal}`;
}

/**
 * A number as Go writes it: integers of 64 bits whole, everything else as a float64 in its shortest form with
 * an exponent from a million on ('g', -1): 0.5, 1e+20, 1.5e-07.
 */
export function formatNumber(value: number): string {
  if (Number.isInteger(value) && value < 2 ** 64 && value >= -(2 ** 63)) return String(value);
  const [mantissa = '', exponent = ''] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power >= -4 && power < 6) return String(value);
  const digits = String(Math.abs(power)).padStart(2, '0');
  return `${mantissa}e${power < 0 ? '-' : '+'}${digits}`;
}
