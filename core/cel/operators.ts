import { CelError, noSuchOverload } from './errors.ts';
import { stepCosts, traversal } from './cost.ts';
import type { Meter } from './cost.ts';
import { Duration, Timestamp } from './time.ts';
import {
  accepts,
  bool,
  duration,
  dyn,
  formatType,
  int,
  isDynamic,
  join,
  listOf,
  timestamp,
} from './types.ts';
import type { Type } from './types.ts';
import { CelList, CelMap, Uint, compare, concat, equal } from './values.ts';
import type { Value } from './values.ts';

export type Operator = '==' | '!=' | 'in' | '<' | '<=' | '>' | '>=' | '+' | '-' | '*' | '/' | '%';

const numeric = ['int', 'uint', 'double'];
const ordered = ['bool', 'string', 'bytes', 'timestamp', 'duration'];

/** The type of `left operator right`; undefined where CEL has no such thing. */
export function typeOfOperation(operator: Operator, left: Type, right: Type): Type | undefined {
  switch (operator) {
    case '==':
    case '!=':
      return join(left, right) === undefined ? undefined : bool;
    case 'in':
      return typeOfMembership(left, right);
    case '<':
    case '<=':
    case '>':
    case '>=':
      return isOrdered(left, right) ? bool : undefined;
    case '+':
      return typeOfSum(left, right);
    case '-':
      return typeOfDifference(left, right);
    default:
      return typeOfArithmetic(left, right, operator === '%' ? ['int', 'uint'] : numeric);
  }
}

function typeOfMembership(left: Type, right: Type): Type | undefined {
  if (right.kind === 'dyn' || right.kind === 'param') return bool;
  if (right.kind === 'list')
    return accepts(right.element, left, new Map()) || accepts(left, right.element, new Map())
      ? bool
      : undefined;
  return right.kind === 'map' && accepts(right.key, left, new Map()) ? bool : undefined;
}

function isOrdered(left: Type, right: Type): boolean {
  const [a, b] = [left.kind, right.kind];
  const known = [...numeric, ...ordered, 'dyn', 'param'];
  if (!known.includes(a) || !known.includes(b)) return false;
  if (isDynamic(left) || isDynamic(right)) return true;
  return a === b || (numeric.includes(a) && numeric.includes(b));
}

function typeOfArithmetic(left: Type, right: Type, kinds: readonly string[]): Type | undefined {
  if (isDynamic(left)) return isDynamic(right) || kinds.includes(right.kind) ? right : undefined;
  if (isDynamic(right)) return kinds.includes(left.kind) ? left : undefined;
  return left.kind === right.kind && kinds.includes(left.kind) ? left : undefined;
}

function typeOfSum(left: Type, right: Type): Type | undefined {
  if (left.kind === 'list' && right.kind === 'list') {
    const element = join(left.element, right.element);
    return element === undefined ? undefined : listOf(element, left.identity ?? right.identity);
  }
  const kinds = [left.kind, right.kind];
  if (kinds.includes('timestamp') && kinds.includes('duration')) return timestamp;
  if (kinds.includes('dyn') || kinds.includes('param')) {
    const other = left.kind === 'dyn' || left.kind === 'param' ? right : left;
    if (other.kind === 'duration' || other.kind === 'timestamp') return dyn;
    if (other.kind === 'list') return other;
  }
  return typeOfArithmetic(left, right, [...numeric, 'string', 'bytes', 'duration']);
}

function typeOfDifference(left: Type, right: Type): Type | undefined {
  if (left.kind === 'timestamp') {
    if (isDynamic(right)) return dyn;
    return right.kind === 'timestamp' ? duration : right.kind === 'duration' ? timestamp : undefined;
  }
  if (left.kind === 'dyn' && (right.kind === 'duration' || right.kind === 'timestamp')) return dyn;
  return typeOfArithmetic(left, right, [...numeric, 'duration']);
}

export function explainOperation(operator: Operator, left: Type, right: Type): string {
  const name = operator === 'in' ? '@in' : `_${operator}_`;
  return `found no matching overload for '${name}' applied to '(${formatType(left)}, ${formatType(right)})'`;
}

/** @throws CelError */
export function operate(operator: Operator, a: Value, b: Value, meter: Meter): Value {
  switch (operator) {
    case '==':
      meter.charge(1);
      return equal(a, b, meter);
    case '!=':
      meter.charge(1);
      return !equal(a, b, meter);
    case 'in':
      return isMember(a, b, meter);
    case '<':
      meter.charge(1 + orderCost(a, b));
      return compare(a, b) < 0;
    case '<=':
      meter.charge(1 + orderCost(a, b));
      return compare(a, b) <= 0;
    case '>':
      meter.charge(1 + orderCost(a, b));
      return compare(a, b) > 0;
    case '>=':
      meter.charge(1 + orderCost(a, b));
      return compare(a, b) >= 0;
    case '+':
      return add(a, b, meter);
    default:
      meter.charge(1);
      return operator === '-' ? subtract(a, b) : calculate(operator, a, b);
  }
}

/** What finding the order of two texts walks through, beyond the step itself. */
function orderCost(a: Value, b: Value): number {
  if (
    (typeof a === 'string' && typeof b === 'string') ||
    (a instanceof Uint8Array && b instanceof Uint8Array)
  )
    return traversal(Math.min(a.length, b.length));
  return 0;
}

/** How much there is to walk through in a value: its parts, and a tenth of every text's length. */
export function weight(value: Value): number {
  if (typeof value === 'string') return stepCosts.element + traversal(value.length);
  if (typeof value !== 'object' || value === null) return stepCosts.element;
  if (value instanceof Uint8Array) return stepCosts.element + traversal(value.length);
  let sum: number = stepCosts.element;
  if (value instanceof CelList)
    for (let index = 0; index < value.length; index++) sum += weight(value.at(index));
  else if (value instanceof CelMap)
    for (const key of value.keys()) sum += stepCosts.entry + weight(value.get(key) ?? null);
  else if (value instanceof Timestamp || value instanceof Duration) sum += stepCosts.time;
  return sum;
}

function isMember(value: Value, container: Value, meter: Meter): boolean {
  if (container instanceof CelMap) {
    meter.charge(1);
    return container.get(value) !== undefined;
  }
  if (!(container instanceof CelList)) throw noSuchOverload();
  meter.charge(1);
  for (let index = 0; index < container.length; index++) {
    const element = container.at(index);
    meter.charge(2);
    if (equal(value, element, meter)) return true;
  }
  return false;
}

function add(a: Value, b: Value, meter: Meter): Value {
  if (typeof a === 'bigint' && typeof b === 'bigint') {
    meter.charge(1);
    return checked(a + b);
  }
  if (typeof a === 'string' && typeof b === 'string') {
    meter.charge(traversal(a.length + b.length));
    return a + b;
  }
  if (a instanceof CelList && b instanceof CelList) {
    meter.charge(
      1 +
        stepCosts.element * (a.length + b.length) +
        (a.identity === undefined && b.identity === undefined
          ? 0
          : stepCosts.identity * (a.length + b.length) + weight(a) + weight(b)),
    );
    return concat(a, b);
  }
  if (a instanceof Uint8Array && b instanceof Uint8Array) {
    meter.charge(traversal(a.length + b.length));
    return Buffer.concat([a, b]);
  }
  meter.charge(1);
  if (a instanceof Duration && b instanceof Duration) return new Duration(a.nanos + b.nanos);
  if (a instanceof Timestamp && b instanceof Duration) return new Timestamp(a.nanos + b.nanos);
  if (a instanceof Duration && b instanceof Timestamp) return new Timestamp(a.nanos + b.nanos);
  return calculate('+', a, b);
}

function subtract(a: Value, b: Value): Value {
  if (a instanceof Duration && b instanceof Duration) return new Duration(a.nanos - b.nanos);
  if (a instanceof Timestamp && b instanceof Duration) return new Timestamp(a.nanos - b.nanos);
  if (a instanceof Timestamp && b instanceof Timestamp) return new Duration(a.nanos - b.nanos);
  return calculate('-', a, b);
}

function calculate(operator: '+' | '-' | '*' | '/' | '%', a: Value, b: Value): Value {
  if (typeof a === 'bigint' && typeof b === 'bigint') return checked(whole(operator, a, b));
  if (typeof a === 'number' && typeof b === 'number' && operator !== '%') return fractional(operator, a, b);
  if (a instanceof Uint && b instanceof Uint) return new Uint(whole(operator, a.value, b.value));
  throw noSuchOverload();
}

function whole(operator: '+' | '-' | '*' | '/' | '%', a: bigint, b: bigint): bigint {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      if (b === 0n) throw new CelError('division by zero');
      return a / b;
    default:
      if (b === 0n) throw new CelError('modulus by zero');
      return a % b;
  }
}

function fractional(operator: '+' | '-' | '*' | '/', a: number, b: number): number {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    default:
      return a / b;
  }
}

/** @throws CelError for what no int can hold */
function checked(value: bigint): bigint {
  if (value > 9_223_372_036_854_775_807n || value < -9_223_372_036_854_775_808n)
    throw new CelError('integer overflow');
  return value;
}

export function negate(value: Value): Value {
  if (typeof value === 'bigint') return checked(-value);
  if (typeof value === 'number') return -value;
  if (value instanceof Duration) return new Duration(-value.nanos);
  throw noSuchOverload();
}

export function typeOfNegation(type: Type): Type | undefined {
  return isDynamic(type)
    ? dyn
    : type === int || ['int', 'double', 'duration'].includes(type.kind)
      ? type
      : undefined;
}

/** Of sorting these. */
export function sortCost(values: readonly Value[]): number {
  const sum = values.reduce<number>((total, value) => total + weight(value), 1);
  return Math.ceil(sum * Math.max(1, Math.log2(values.length + 1)));
}
