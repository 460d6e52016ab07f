import { stepCosts } from '../cost.ts';
import type { Meter } from '../cost.ts';
import { metered } from '../functions.ts';
import type { Overload } from '../functions.ts';
import { equal } from '../values.ts';
import type { CelList, Value } from '../values.ts';

const cost = (a: CelList, b: CelList) => 1 + stepCosts.element * (a.length + b.length);

/** cel-go's ext/sets: lists taken as sets. */
export const setFunctions: readonly Overload[] = [
  metered('sets.contains(list<T>, list<T>): bool', contains, cost),
  metered(
    'sets.equivalent(list<T>, list<T>): bool',
    (meter, a: CelList, b: CelList) => contains(meter, a, b) && contains(meter, b, a),
    cost,
  ),
  metered(
    'sets.intersects(list<T>, list<T>): bool',
    (meter, a: CelList, b: CelList) => {
      const values = a.toArray();
      return b.toArray().some((value) => includes(values, value, meter));
    },
    cost,
  ),
];

function contains(meter: Meter, list: CelList, wanted: CelList): boolean {
  const values = list.toArray();
  return wanted.toArray().every((value) => includes(values, value, meter));
}

function includes(values: readonly Value[], wanted: Value, meter: Meter): boolean {
  return values.some((value) => {
    meter.charge(1);
    return equal(value, wanted, meter);
  });
}
