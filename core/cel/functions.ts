import type { Meter } from './cost.ts';
import { noSuchOverload } from './errors.ts';
import {
  accepts,
  bool,
  bytes,
  double,
  duration,
  dyn,
  formatType,
  int,
  isDynamic,
  listOf,
  mapOf,
  nullType,
  opaque,
  optionalOf,
  string,
  substitute,
  timestamp,
  typeType,
  uint,
} from './types.ts';
import type { Bindings, Type } from './types.ts';
import { CelList, CelMap, Opaque, Optional, TypeValue, Uint } from './values.ts';
import type { Value } from './values.ts';
import { Duration, Timestamp } from './time.ts';

/** One way to call a function. */
export interface Overload {
  readonly name: string;
  /** Called as `receiver.name(…)`; the receiver is the first argument. */
  readonly isMember: boolean;
  readonly parameters: readonly Type[];
  readonly result: Type;
  readonly call: (...values: Value[]) => Value;
  /** Charged before the call. */
  readonly cost: (...values: Value[]) => number;
  /** Instead of `call`, where what it costs turns out on the way. */
  readonly spend?: ((meter: Meter, ...values: Value[]) => Value) | undefined;
}

type Handler = (...values: never[]) => Value;
type Cost = (...values: never[]) => number;

const one = () => 1;

/**
 * @param signature such as "string.contains(string): bool", "isURL(string): bool" or "sets.contains(list<T>, list<T>): bool"
 * @param cost in units of the budget; 1 unless told
 */
export function overload(signature: string, call: Handler, cost: Cost = one): Overload {
  const match = /^(?:(.+)\.)?(\w+)\((.*)\): (.+)$/.exec(signature);
  if (match === null) throw new Error(`Cannot read the signature ${JSON.stringify(signature)}`);
  const [, before, last = '', list = '', result = ''] = match;
  const receiver = before === undefined ? undefined : typeOf(before);
  const parameters = splitTypes(list).map(parseType);
  return {
    name: receiver === undefined && before !== undefined ? `${before}.${last}` : last,
    isMember: receiver !== undefined,
    parameters: receiver === undefined ? parameters : [receiver, ...parameters],
    result: parseType(result),
    call: call as Overload['call'],
    cost: cost as Overload['cost'],
  };
}

/** As `overload`, for a function that charges for every step as it makes it. */
export function metered(
  signature: string,
  spend: (meter: Meter, ...values: never[]) => Value,
  cost: Cost = one,
): Overload {
  const call = () => {
    throw new Error(`Cannot call ${JSON.stringify(signature)} without a meter`);
  };
  return { ...overload(signature, call, cost), spend: spend as Overload['spend'] };
}

const simple: Readonly<Record<string, Type>> = {
  dyn,
  null: nullType,
  bool,
  int,
  uint,
  double,
  string,
  bytes,
  timestamp,
  duration,
  type: typeType,
};

function parseType(text: string): Type {
  const type = typeOf(text);
  if (type === undefined) throw new Error(`Cannot read the type ${JSON.stringify(text)}`);
  return type;
}

function typeOf(text: string): Type | undefined {
  if (Object.hasOwn(simple, text)) return simple[text];
  if (/^[A-Z]$/.test(text)) return { kind: 'param', name: text };
  if (/^[a-z]+(?:\.[a-z]+)*\.[A-Z]\w*$/.test(text)) return opaque(text);
  const [, outer, inner = ''] = /^(list|map|optional)<(.*)>$/.exec(text) ?? [];
  const parts = splitTypes(inner).map(parseType);
  if (outer === 'list') return listOf(parts[0] ?? dyn);
  if (outer === 'map') return mapOf(parts[0] ?? dyn, parts[1] ?? dyn);
  return outer === 'optional' ? optionalOf(parts[0] ?? dyn) : undefined;
}

function splitTypes(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let part = '';
  for (const char of text) {
    if (char === '<') depth++;
    if (char === '>') depth--;
    if (char === ',' && depth === 0) {
      parts.push(part.trim());
      part = '';
    } else part += char;
  }
  return part.trim() === '' ? parts : [...parts, part.trim()];
}

/** All ways to call all functions. */
export class FunctionTable {
  readonly #overloads = new Map<string, Overload[]>();

  constructor(overloads: Iterable<Overload>) {
    for (const each of overloads) {
      const key = keyOf(each.name, each.isMember);
      const known = this.#overloads.get(key);
      if (known === undefined) this.#overloads.set(key, [each]);
      else known.push(each);
    }
  }

  knows(name: string, isMember: boolean): boolean {
    return this.#overloads.has(keyOf(name, isMember));
  }

  /** The overloads that arguments of these types may turn out to call, and what comes of it; none: undefined. */
  resolve(name: string, isMember: boolean, types: readonly Type[]): Resolution | undefined {
    const fitting = (this.#overloads.get(keyOf(name, isMember)) ?? []).flatMap((each) => {
      if (each.parameters.length !== types.length) return [];
      const bindings: Bindings = new Map();
      const fits = each.parameters.every((formal, index) => accepts(formal, types[index] as Type, bindings));
      return fits ? [{ overload: each, result: substitute(each.result, bindings) }] : [];
    });
    const [first, ...others] = fitting;
    if (first === undefined) return undefined;
    const isSame = others.every(({ result }) => formatType(result) === formatType(first.result));
    return {
      overloads: fitting.map((each) => each.overload),
      result: isSame ? first.result : dyn,
      isCertain: others.length === 0 && !types.some((type) => isDynamic(type) || type.kind === 'null'),
    };
  }
}

function keyOf(name: string, isMember: boolean): string {
  return isMember ? `.${name}` : name;
}

export interface Resolution {
  readonly overloads: readonly Overload[];
  readonly result: Type;
  /** The first overload is the one, whatever the values. */
  readonly isCertain: boolean;
}

/** The overload for these values. @throws CelError */
export function dispatch(overloads: readonly Overload[], values: readonly Value[]): Overload {
  for (const each of overloads)
    if (each.parameters.every((type, index) => isA(values[index] as Value, type))) return each;
  throw noSuchOverload();
}

function isA(value: Value, type: Type): boolean {
  switch (type.kind) {
    case 'dyn':
    case 'param':
      return true;
    case 'null':
      return value === null;
    case 'bool':
      return typeof value === 'boolean';
    case 'int':
      return typeof value === 'bigint';
    case 'double':
      return typeof value === 'number';
    case 'string':
      return typeof value === 'string';
    case 'uint':
      return value instanceof Uint;
    case 'bytes':
      return value instanceof Uint8Array;
    case 'timestamp':
      return value instanceof Timestamp;
    case 'duration':
      return value instanceof Duration;
    case 'type':
      return value instanceof TypeValue;
    case 'list':
      return value instanceof CelList;
    case 'map':
    case 'object':
      return value instanceof CelMap;
    case 'optional':
      return value instanceof Optional;
    default:
      return value instanceof Opaque && value.typeName === type.name;
  }
}
