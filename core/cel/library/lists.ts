import { CelError } from '../errors.ts';
import { metered, overload } from '../functions.ts';
import type { Overload } from '../functions.ts';
import { operate, sortCost, weight } from '../operators.ts';
import { stepCosts } from '../cost.ts';
import type { Meter } from '../cost.ts';
import { CelList, Items, Optional, compare, equal } from '../values.ts';
import type { Value } from '../values.ts';

const sorted = ['int', 'uint', 'double', 'bool', 'string', 'bytes', 'timestamp', 'duration'];
const summed = ['int', 'uint', 'double', 'duration'];
const most = 1_000_000n;

/** Kubernetes' own functions of lists (apiserver/pkg/cel/library/lists.go), and cel-go's ext/lists. */
export const listFunctions: readonly Overload[] = [
  ...sorted.flatMap((type) => [
    overload(`list<${type}>.isSorted(): bool`, isSorted, weight),
    overload(`list<${type}>.min(): ${type}`, (list: CelList) => extreme(list, -1, 'min'), weight),
    overload(`list<${type}>.max(): ${type}`, (list: CelList) => extreme(list, 1, 'max'), weight),
    overload(
      `list<${type}>.sort(): list<${type}>`,
      (list: CelList) => new Items(list.toArray().toSorted(compare)),
      (list: CelList) => sortCost(list.toArray()),
    ),
  ]),
  ...summed.map((type) => metered(`list<${type}>.sum(): ${type}`, sum, lengthCost)),
  metered(
    'list<A>.indexOf(A): int',
    (meter, list: CelList, value: Value) =>
      BigInt(list.toArray().findIndex((each) => isSame(each, value, meter))),
    lengthCost,
  ),
  metered(
    'list<A>.lastIndexOf(A): int',
    (meter, list: CelList, value: Value) =>
      BigInt(list.toArray().findLastIndex((each) => isSame(each, value, meter))),
    lengthCost,
  ),
  overload('list<A>.slice(int, int): list<A>', slice, sliceCost),
  overload(
    'list<A>.reverse(): list<A>',
    (list: CelList) => new Items(list.toArray().toReversed()),
    lengthCost,
  ),
  metered('list<A>.distinct(): list<A>', distinct, lengthCost),
  overload('list<A>.flatten(): list<dyn>', (list: CelList) => new Items(flatten(list, 1)), weight),
  overload(
    'list<A>.flatten(int): list<dyn>',
    (list: CelList, depth: bigint) => new Items(flatten(list, Number(depth))),
    weight,
  ),
  overload('list<A>.first(): optional<A>', (list: CelList) =>
    list.length === 0 ? Optional.none : new Optional(list.at(0)),
  ),
  overload('list<A>.last(): optional<A>', (list: CelList) =>
    list.length === 0 ? Optional.none : new Optional(list.at(list.length - 1)),
  ),
  overload(
    'lists.range(int): list<int>',
    (count: bigint) => {
      if (count > most) throw new CelError(`lists.range: ${count} is too many`);
      return new Items(Array.from({ length: Math.max(0, Number(count)) }, (_, index) => BigInt(index)));
    },
    (count: bigint) => (count > most ? 1 : 1 + 3 * Math.max(0, Number(count))),
  ),
];

function isSorted(list: CelList): boolean {
  for (let index = 1; index < list.length; index++)
    if (compare(list.at(index - 1), list.at(index)) > 0) return false;
  return true;
}

function extreme(list: CelList, sign: 1 | -1, name: string): Value {
  if (list.length === 0) throw new CelError(`${name} called on empty list`);
  return list.toArray().reduce((best, value) => (compare(value, best) * sign > 0 ? value : best));
}

/** Of handling every element, whatever it is. */
function lengthCost(list: CelList): number {
  return 1 + stepCosts.element * list.length;
}

function sum(meter: Meter, list: CelList): Value {
  const [first, ...others] = list.toArray();
  return others.reduce((total, value) => operate('+', total, value, meter), first ?? 0n);
}

/** One of many comparisons. */
function isSame(a: Value, b: Value, meter: Meter): boolean {
  meter.charge(1);
  return equal(a, b, meter);
}

function slice(list: CelList, start: bigint, end: bigint): CelList {
  if (start < 0n || end < start || end > BigInt(list.length))
    throw new CelError(`cannot slice(${start}, ${end}) list of ${list.length}`);
  const values: Value[] = [];
  for (let index = Number(start); index < Number(end); index++) values.push(list.at(index));
  return new Items(values);
}

function sliceCost({ length }: CelList, start: bigint, end: bigint): number {
  return 1 + stepCosts.element * Math.max(0, Math.min(length, Number(end)) - Math.max(0, Number(start)));
}

function distinct(meter: Meter, list: CelList): CelList {
  const kept: Value[] = [];
  for (const value of list.toArray()) if (!kept.some((each) => isSame(each, value, meter))) kept.push(value);
  return new Items(kept);
}

function flatten(list: CelList, depth: number): Value[] {
  if (depth < 0) throw new CelError('flatten: level must be non-negative');
  const values: Value[] = [];
  for (let index = 0; index < list.length; index++) {
    const value = list.at(index);
    if (!(value instanceof CelList) || depth === 0) values.push(value);
    else for (const inner of flatten(value, depth - 1)) values.push(inner);
  }
  return values;
}
