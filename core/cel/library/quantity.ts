import { Quantity } from '../../machinery/quantity.ts';
import { traversal } from '../cost.ts';
import { CelError, untraced } from '../errors.ts';
import { overload } from '../functions.ts';
import type { Overload } from '../functions.ts';
import { Opaque } from '../values.ts';

class QuantityValue extends Opaque {
  readonly typeName = 'kubernetes.Quantity';
  readonly amount: Quantity;

  constructor(amount: Quantity) {
    super();
    this.amount = amount;
  }

  override equals(other: QuantityValue): boolean {
    return this.amount.compare(other.amount) === 0;
  }
}

const perUnit = 1_000_000_000n;
const read = (text: string) => 40 + traversal(text.length);
const few = () => 8;
const type = 'kubernetes.Quantity';

/** Amounts of resources (apiserver/pkg/cel/library/quantity.go). */
export const quantityFunctions: readonly Overload[] = [
  overload(
    `quantity(string): ${type}`,
    (text: string) => {
      const amount = parse(text);
      if (amount === undefined)
        throw new CelError(
          `quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'`,
        );
      return new QuantityValue(amount);
    },
    read,
  ),
  overload('isQuantity(string): bool', (text: string) => parse(text) !== undefined, read),
  overload(`${type}.sign(): int`, ({ amount }: QuantityValue) => BigInt(amount.sign)),
  overload(`${type}.isInteger(): bool`, ({ amount }: QuantityValue) => isInteger(amount), few),
  overload(`${type}.asInteger(): int`, ({ amount }: QuantityValue) => {
    if (!isInteger(amount)) throw new CelError('cannot convert value to integer');
    return amount.nanos / perUnit;
  }),
  overload(
    `${type}.asApproximateFloat(): double`,
    ({ amount }: QuantityValue) => Number(amount.nanos) / Number(perUnit),
  ),
  overload(
    `${type}.add(${type}): ${type}`,
    (a: QuantityValue, b: QuantityValue) => new QuantityValue(a.amount.add(b.amount)),
    few,
  ),
  overload(
    `${type}.add(int): ${type}`,
    (a: QuantityValue, b: bigint) => new QuantityValue(a.amount.add(ofInteger(b))),
    few,
  ),
  overload(
    `${type}.sub(${type}): ${type}`,
    (a: QuantityValue, b: QuantityValue) => new QuantityValue(a.amount.sub(b.amount)),
    few,
  ),
  overload(
    `${type}.sub(int): ${type}`,
    (a: QuantityValue, b: bigint) => new QuantityValue(a.amount.sub(ofInteger(b))),
    few,
  ),
  overload(
    `${type}.isGreaterThan(${type}): bool`,
    (a: QuantityValue, b: QuantityValue) => a.amount.compare(b.amount) > 0,
  ),
  overload(
    `${type}.isLessThan(${type}): bool`,
    (a: QuantityValue, b: QuantityValue) => a.amount.compare(b.amount) < 0,
  ),
  overload(`${type}.compareTo(${type}): int`, (a: QuantityValue, b: QuantityValue) =>
    BigInt(Math.sign(a.amount.compare(b.amount))),
  ),
];

function parse(text: string): Quantity | undefined {
  // Quantities in data may have been padded by hand; written out in an expression they may not.
  if (text.trim() !== text) return undefined;
  try {
    return untraced(() => Quantity.parse(text));
  } catch {
    return undefined;
  }
}

function ofInteger(value: bigint): Quantity {
  return Quantity.fromNanos(value * perUnit);
}

function isInteger({ nanos }: Quantity): boolean {
  const whole = nanos / perUnit;
  return (
    nanos % perUnit === 0n && whole <= 9_223_372_036_854_775_807n && whole >= -9_223_372_036_854_775_808n
  );
}
