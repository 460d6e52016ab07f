import { overload } from '../functions.ts';
import type { Overload } from '../functions.ts';
import { weight } from '../operators.ts';
import { equal } from '../values.ts';
import type { CelList, Value } from '../values.ts';

const cost = (a: CelList, b: CelList) => 1 + weight(a) * Math.max(1, b.length);

/** cel-go's ext/sets: lists taken as sets. */
export const setFunctions: readonly Overload[] = [
  overload('sets.contains(list<T>, list<T>): bool', contains, cost),
  overload(
    'sets.equivalent(list<T>, list<T>): bool',
    (a: CelList, b: CelList) => contains(a, b) && contains(b, a),
    cost,
  ),
  overload(
    'sets.intersects(list<T>, list<T>): bool',
    (a: CelList, b: CelList) => {
      const values = a.toArray();
      return b.toArray().some((value) => includes(values, value));
    },
    cost,
  ),
];

function contains(list: CelList, wanted: CelList): boolean {
  const values = list.toArray();
  return wanted.toArray().every((value) => includes(values, value));
}

function includes(values: readonly Value[], wanted: Value): boolean {
  return values.some((value) => equal(value, wanted));
}
