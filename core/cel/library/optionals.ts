import { stepCosts } from '../cost.ts';
import { CelError } from '../errors.ts';
import { overload } from '../functions.ts';
import type { Overload } from '../functions.ts';
import { CelList, CelMap, Items, Optional, Uint } from '../values.ts';
import type { Value } from '../values.ts';

/** cel-go's optional values. */
export const optionalFunctions: readonly Overload[] = [
  overload('optional.of(V): optional<V>', (value: Value) => new Optional(value)),
  overload('optional.none(): optional<V>', () => Optional.none),
  overload('optional.ofNonZeroValue(V): optional<V>', (value: Value) =>
    isZero(value) ? Optional.none : new Optional(value),
  ),
  overload('optional<V>.hasValue(): bool', ({ value }: Optional) => value !== undefined),
  overload('optional<V>.value(): V', ({ value }: Optional) => {
    if (value === undefined) throw new CelError('optional.none() dereference');
    return value;
  }),
  overload('optional<V>.or(optional<V>): optional<V>', (first: Optional, second: Optional) =>
    first.value === undefined ? second : first,
  ),
  overload(
    'optional<V>.orValue(V): V',
    ({ value }: Optional, other: Value) => value ?? (value === null ? null : other),
  ),
  ...['list<optional<V>>.unwrapOpt(): list<V>', 'optional.unwrap(list<optional<V>>): list<V>'].map(
    (signature) =>
      overload(
        signature,
        (list: CelList) =>
          new Items(
            list
              .toArray()
              .flatMap((each) => (each instanceof Optional && each.value !== undefined ? [each.value] : [])),
          ),
        (list: CelList) => 1 + stepCosts.element * list.length,
      ),
  ),
];

function isZero(value: Value): boolean {
  if (value instanceof CelList) return value.length === 0;
  if (value instanceof CelMap) return value.size === 0;
  if (value instanceof Uint) return value.value === 0n;
  if (value instanceof Uint8Array) return value.length === 0;
  return value === null || value === false || value === 0n || value === 0 || value === '';
}
