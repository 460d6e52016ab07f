import { CelError } from '../errors.ts';
import { overload } from '../functions.ts';
import type { Overload } from '../functions.ts';
import { operate, sortCost, weight } from '../operators.ts';
import { Meter } from '../cost.ts';
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
  ...summed.map((type) => overload(`list<${type}>.sum(): ${type}`, (list: CelList) => sum(list), weight)),
  overload(
    'list<A>.indexOf(A): int',
    (list: CelList, value: Value) => BigInt(list.toArray().findIndex((each) => equal(each, value))),
    searchCost,
  ),
  overload(
    'list<A>.lastIndexOf(A): int',
    (list: CelList, value: Value) => BigInt(list.toArray().findLastIndex((each) => equal(each, value))),
    searchCost,
  ),
  overload('list<A>.slice(int, int): list<A>', slice, (list: CelList) => 1 + list.length),
  overload(
    'list<A>.reverse(): list<A>',
    (list: CelList) => new Items(list.toArray().toReversed()),
    (list: CelList) => 1 + list.length,
  ),
  overload('list<A>.distinct(): list<A>', distinct, distinctCost),
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
    (count: bigint) => (count > most ? 1 : 1 + Math.max(0, Number(count))),
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

function sum(list: CelList): Value {
  const [first, ...others] = list.toArray();
  const meter = new Meter(Number.POSITIVE_INFINITY);
  return others.reduce((total, value) => operate('+', total, value, meter), first ?? 0n);
}

function searchCost(list: CelList, value: Value): number {
  return weight(list) + weight(value);
}

function slice(list: CelList, start: bigint, end: bigint): CelList {
  if (start < 0n || end < start || end > BigInt(list.length))
    throw new CelError(`cannot slice(${start}, ${end}) list of ${list.length}`);
  return new Items(list.toArray().slice(Number(start), Number(end)));
}

function distinct(list: CelList): CelList {
  const kept: Value[] = [];
  for (const value of list.toArray()) if (!kept.some((each) => equal(each, value))) kept.push(value);
  return new Items(kept);
}

function distinctCost(list: CelList): number {
  return 1 + weight(list) * Math.max(1, list.length);
}

function flatten(list: CelList, depth: number): Value[] {
  if (depth < 0) throw new CelError('flatten: level must be non-negative');
  return list
    .toArray()
    .flatMap((value) => (value instanceof CelList && depth > 0 ? flatten(value, depth - 1) : [value]));
}
