export type QuantityFormat = 'BinarySI' | 'DecimalSI' | 'DecimalExponent';

/** The text is not a quantity. */
class QuantityError extends Error {
  override readonly name = 'QuantityError';
}

const nanosPerUnit = 1_000_000_000n;
const nanosPerMilli = 1_000_000n;
const maxBinary = (2n ** 63n - 1n) * nanosPerUnit;

/** Powers of ten of the decimal suffixes. */
const decimalExponents: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  '': 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const decimalSuffixes = new Map(
  Object.entries(decimalExponents).map(([suffix, exponent]) => [exponent, suffix]),
);
const binarySuffixes = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

const syntax = /^([+-]?)(\d*)(?:\.(\d*))?(?:([eE])([+-]?\d+)|([numkMGTPE]|[KMGTPE]i)?)$/;

/** Enough for any sensible amount; keeps hostile ones such as "1e999999999" from being computed. */
const maxLength = 128;
const maxExponent = 64;

/**
 * An exact amount of a resource, immutable (apimachinery/pkg/api/resource). Kept to a billionth; what is
 * smaller is rounded away from zero, on the theory that whoever asks for something should get something.
 */
export class Quantity {
  static readonly zero = new Quantity(0n, 'DecimalSI');

  readonly nanos: bigint;
  /** The family of suffixes in which the amount is written. */
  readonly format: QuantityFormat;

  private constructor(nanos: bigint, format: QuantityFormat) {
    this.nanos = nanos;
    this.format = format;
  }

  /** @throws QuantityError */
  static parse(value: string | number): Quantity {
    const text = String(value).trim();
    const match = text.length <= maxLength ? syntax.exec(text) : null;
    const [, sign, whole = '', fraction = '', exponentMark, exponentText, suffix = ''] = match ?? [];
    if (match === null || whole + fraction === '') throw notAQuantity(text);
    const digits = BigInt(whole + fraction);
    const negative = sign === '-';
    if (suffix.endsWith('i')) {
      const scaled = digits * 1024n ** BigInt(binarySuffixes.indexOf(suffix)) * nanosPerUnit;
      const nanos = min(divideUp(scaled, 10n ** BigInt(fraction.length)), maxBinary);
      const format = nanos < nanosPerUnit && nanos > 0n ? 'DecimalSI' : 'BinarySI';
      return new Quantity(negative ? -nanos : nanos, format);
    }
    const exponent = exponentMark === undefined ? (decimalExponents[suffix] as number) : Number(exponentText);
    if (Math.abs(exponent) > maxExponent) throw notAQuantity(text);
    const shift = exponent - fraction.length + 9;
    const nanos = shift >= 0 ? digits * 10n ** BigInt(shift) : divideUp(digits, 10n ** BigInt(-shift));
    return new Quantity(
      negative ? -nanos : nanos,
      exponentMark === undefined ? 'DecimalSI' : 'DecimalExponent',
    );
  }

  static fromNanos(nanos: bigint, format: QuantityFormat = 'DecimalSI'): Quantity {
    return new Quantity(nanos, format);
  }

  /** @param milli whole thousandths: the unit of CPU */
  static fromMilli(milli: number, format: QuantityFormat = 'DecimalSI'): Quantity {
    return new Quantity(BigInt(milli) * nanosPerMilli, format);
  }

  /** @param bytes a whole number; written with binary suffixes */
  static fromBytes(bytes: number): Quantity {
    return new Quantity(BigInt(bytes) * nanosPerUnit, 'BinarySI');
  }

  get isZero(): boolean {
    return this.nanos === 0n;
  }

  /** -1, 0 or 1. */
  get sign(): number {
    return this.nanos > 0n ? 1 : this.nanos < 0n ? -1 : 0;
  }

  /** The sum keeps this format, or takes the other's when this is zero. */
  add(other: Quantity): Quantity {
    return new Quantity(this.nanos + other.nanos, this.isZero ? other.format : this.format);
  }

  sub(other: Quantity): Quantity {
    return new Quantity(this.nanos - other.nanos, this.isZero ? other.format : this.format);
  }

  multiply(factor: number | bigint): Quantity {
    return new Quantity(this.nanos * BigInt(factor), this.format);
  }

  negate(): Quantity {
    return new Quantity(-this.nanos, this.format);
  }

  /** Negative, zero or positive, as a sort function wants it. */
  compare(other: Quantity): number {
    return this.nanos < other.nanos ? -1 : this.nanos > other.nanos ? 1 : 0;
  }

  equals(other: Quantity): boolean {
    return this.nanos === other.nanos;
  }

  /** Rounded away from zero to thousandths or to whole units. */
  roundUp(to: 'milli' | 'unit'): Quantity {
    const step = to === 'milli' ? nanosPerMilli : nanosPerUnit;
    return new Quantity(divideUp(this.nanos, step) * step, this.format);
  }

  /** Thousandths, rounded up: CPU. Exact below 2^53. */
  toMilli(): number {
    return Number(divideUp(this.nanos, nanosPerMilli));
  }

  /** Whole units, rounded up: bytes, Pods. Exact below 2^53. */
  toNumber(): number {
    return Number(divideUp(this.nanos, nanosPerUnit));
  }

  /** Whole bytes, rounded up. */
  toBytes(): number {
    return this.toNumber();
  }

  /** With fractions, to the nearest double. */
  toFloat(): number {
    return Number(this.nanos) / 1e9;
  }

  /** The canonical form: no fraction, the largest suffix that allows it, in the family it was given in. */
  toString(): string {
    if (this.isZero) return '0';
    if (this.format === 'BinarySI' && this.nanos % nanosPerUnit === 0n) {
      const units = this.nanos / nanosPerUnit;
      if (units <= -1024n || units >= 1024n) return formatBinary(units);
    }
    return formatDecimal(this.nanos, this.format === 'DecimalExponent');
  }

  toJSON(): string {
    return this.toString();
  }
}

/** Whether the value is a quantity as the API takes it: a string, or a plain number. */
export function isQuantity(value: unknown): value is string | number {
  if (typeof value !== 'string' && typeof value !== 'number') return false;
  try {
    Quantity.parse(value);
    return true;
  } catch {
    return false;
  }
}

/** Thousandths of the quantity, rounded up, without building it where the form is plain. @throws QuantityError */
export function quantityToMilli(value: string | number): number {
  if (typeof value === 'string') {
    if (/^\d{1,12}m$/.test(value)) return Number.parseInt(value, 10);
    if (/^\d{1,12}$/.test(value)) return Number(value) * 1000;
  } else if (Number.isInteger(value) && Math.abs(value) < 1e12) return value * 1000;
  return Quantity.parse(value).toMilli();
}

/** Whole units of the quantity, rounded up, without building it where the form is plain. @throws QuantityError */
export function quantityToNumber(value: string | number): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  const plain = typeof value === 'string' ? /^(\d{1,12})([KMG]i)?$/.exec(value) : null;
  if (plain !== null) {
    const units = Number(plain[1]) * 1024 ** (plain[2] === undefined ? 0 : binarySuffixes.indexOf(plain[2]));
    if (Number.isSafeInteger(units)) return units;
  }
  return Quantity.parse(value).toNumber();
}

function formatBinary(units: bigint): string {
  let mantissa = units;
  let power = 0;
  while (power < binarySuffixes.length - 1 && mantissa % 1024n === 0n) {
    mantissa /= 1024n;
    power++;
  }
  return `${mantissa}${binarySuffixes[power]}`;
}

function formatDecimal(nanos: bigint, withExponent: boolean): string {
  let mantissa = nanos;
  let exponent = -9;
  // Suffixes end at E; exponents do not.
  const highest = withExponent ? Infinity : 18;
  while (mantissa % 1000n === 0n && exponent < highest) {
    mantissa /= 1000n;
    exponent += 3;
  }
  if (!withExponent) return `${mantissa}${decimalSuffixes.get(exponent)}`;
  return exponent === 0 ? `${mantissa}` : `${mantissa}e${exponent}`;
}

/** Division that rounds away from zero. */
function divideUp(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  const rest = value % by;
  return rest === 0n ? quotient : value < 0n ? quotient - 1n : quotient + 1n;
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function notAQuantity(text: string): QuantityError {
  const shown = text.length > maxLength ? `${text.slice(0, maxLength)}…` : text;
  return new QuantityError(
    `Cannot read ${JSON.stringify(shown)} as a quantity: quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'`,
  );
}
