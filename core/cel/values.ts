import { stepCosts, traversal } from './cost.ts';
import type { Meter } from './cost.ts';
import { CelError, noSuchKey, noSuchOverload } from './errors.ts';
import { Duration, Timestamp } from './time.ts';
import { dyn } from './types.ts';
import type { ListType, Type } from './types.ts';

/** A value of CEL: int is bigint, double is number. */
export type Value =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint
  | Uint8Array
  | Timestamp
  | Duration
  | CelMap
  | CelList
  | Optional
  | TypeValue
  | Opaque;

export class Uint {
  readonly value: bigint;

  constructor(value: bigint) {
    if (value < 0n || value >= 2n ** 64n) throw new CelError('unsigned integer overflow');
    this.value = value;
  }
}

/** What `type(x)` gives. */
export class TypeValue {
  readonly typeName: string;

  constructor(typeName: string) {
    this.typeName = typeName;
  }
}

/** A value that only functions make and take. */
export abstract class Opaque {
  abstract readonly typeName: string;

  equals(other: Opaque): boolean {
    return this === other;
  }
}

export class Optional {
  static readonly none = new Optional(undefined);
  readonly #value: Value | undefined;

  constructor(value: Value | undefined) {
    this.#value = value;
  }

  get value(): Value | undefined {
    return this.#value;
  }
}

export abstract class CelList {
  abstract readonly length: number;
  readonly identity: ListType['identity'] = undefined;
  abstract at(index: number): Value;

  toArray(): Value[] {
    const values: Value[] = [];
    for (let index = 0; index < this.length; index++) values.push(this.at(index));
    return values;
  }
}

/** A list that an expression made. */
export class Items extends CelList {
  readonly items: readonly Value[];
  override readonly identity: ListType['identity'];

  constructor(items: readonly Value[], identity?: ListType['identity']) {
    super();
    this.items = items;
    this.identity = identity;
  }

  get length(): number {
    return this.items.length;
  }

  at(index: number): Value {
    return this.items[index] as Value;
  }
}

/** A list of data. */
class DataList extends CelList {
  readonly raw: readonly unknown[];
  readonly #element: Type;
  override readonly identity: ListType['identity'];

  constructor(raw: readonly unknown[], type: Type) {
    super();
    this.raw = raw;
    this.#element = type.kind === 'list' ? type.element : dyn;
    this.identity = type.kind === 'list' ? type.identity : undefined;
  }

  get length(): number {
    return this.raw.length;
  }

  at(index: number): Value {
    return adapt(this.raw[index], this.#element);
  }
}

export abstract class CelMap {
  abstract readonly size: number;
  abstract get(key: Value): Value | undefined;
  abstract keys(): readonly Value[];
  /** The type's name, where it is not just a map. */
  readonly typeName: string | undefined = undefined;
}

type Key = string | bigint | boolean | number;

function keyOf(value: Value): Key | undefined {
  if (value instanceof Uint) return value.value;
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value;
  return typeof value === 'string' || typeof value === 'bigint' || typeof value === 'boolean'
    ? value
    : undefined;
}

/** A map that an expression made. */
export class Entries extends CelMap {
  readonly #entries = new Map<Key, readonly [Value, Value]>();
  override readonly typeName: string | undefined;

  constructor(entries: Iterable<readonly [Value, Value]>, typeName?: string) {
    super();
    this.typeName = typeName;
    for (const entry of entries) {
      const key = keyOf(entry[0]);
      if (key === undefined) throw new CelError(`unsupported key type: ${typeNameOf(entry[0])}`);
      if (this.#entries.has(key)) throw new CelError(`insert failed: key ${String(key)} already exists`);
      this.#entries.set(key, entry);
    }
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: Value): Value | undefined {
    const wanted = keyOf(key);
    return wanted === undefined ? undefined : this.#entries.get(wanted)?.[1];
  }

  keys(): readonly Value[] {
    return [...this.#entries.values()].map(([key]) => key);
  }
}

/** A map or an object of data, read as far as it is looked at. */
class DataMap extends CelMap {
  readonly raw: Readonly<Record<string, unknown>>;
  readonly #type: Type;
  #size: number | undefined;

  constructor(raw: Readonly<Record<string, unknown>>, type: Type) {
    super();
    this.raw = raw;
    this.#type = type;
  }

  get size(): number {
    return (this.#size ??= this.keys().length);
  }

  get(name: Value): Value | undefined {
    if (typeof name !== 'string') return undefined;
    const type = this.#type;
    const field = type.kind === 'object' ? type.field(name) : undefined;
    if (type.kind === 'object' && field === undefined) return undefined;
    const key = field?.key ?? name;
    const value = Object.hasOwn(this.raw, key) ? this.raw[key] : undefined;
    if (value === undefined) return undefined;
    return adapt(value, field?.type ?? (type.kind === 'map' ? type.value : dyn));
  }

  keys(): readonly Value[] {
    const keys = Object.keys(this.raw).filter((key) => this.raw[key] !== undefined);
    const type = this.#type;
    return type.kind === 'object' ? keys.flatMap((key) => type.nameOf(key) ?? []) : keys;
  }
}

/** Data as JSON has it, as a value of `type`. Nothing is copied: lists and maps are read when they are asked. */
export function adapt(raw: unknown, type: Type): Value {
  switch (typeof raw) {
    case 'string':
      return type.kind === 'string' || type.kind === 'dyn' ? raw : adaptText(raw, type);
    case 'boolean':
      return raw;
    case 'number':
      if (type.kind === 'double') return raw;
      return Number.isInteger(raw) ? BigInt(raw) : raw;
    case 'object':
      if (raw === null) return null;
      if (Array.isArray(raw)) return new DataList(raw, type);
      if (isValue(raw)) return raw;
      return new DataMap(raw as Record<string, unknown>, type);
    case 'bigint':
      return raw;
    default:
      return null;
  }
}

function adaptText(text: string, type: Type): Value {
  switch (type.kind) {
    case 'timestamp':
      // Dates without a time are midnight, as format "date" means them.
      return Timestamp.parse(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text) ?? text;
    case 'duration':
      return Duration.parse(text) ?? text;
    case 'bytes':
      return Buffer.from(text, 'base64');
    default:
      return text;
  }
}

function isValue(raw: object): raw is Exclude<Value, null | boolean | bigint | number | string> {
  const { constructor } = raw;
  if (constructor === Object || constructor === undefined) return false;
  return [CelMap, CelList, Opaque, Optional, Uint, Uint8Array, Timestamp, Duration, TypeValue].some(
    (known) => raw instanceof known,
  );
}

/** As CEL itself calls the types of values. */
export function typeNameOf(value: Value): string {
  switch (typeof value) {
    case 'boolean':
      return 'bool';
    case 'bigint':
      return 'int';
    case 'number':
      return 'double';
    case 'string':
      return 'string';
    default:
  }
  if (value === null) return 'null_type';
  if (value instanceof CelMap) return value.typeName ?? 'map';
  if (value instanceof CelList) return 'list';
  if (value instanceof Opaque) return value.typeName;
  if (value instanceof Uint) return 'uint';
  if (value instanceof Uint8Array) return 'bytes';
  if (value instanceof Timestamp) return 'google.protobuf.Timestamp';
  if (value instanceof Duration) return 'google.protobuf.Duration';
  return value instanceof Optional ? 'optional_type' : 'type';
}

/** @param meter pays for walking through lists, maps and texts */
export function equal(a: Value, b: Value, meter: Meter): boolean {
  if (typeof a === 'string' || typeof a === 'boolean' || a === null || b === null) {
    if (typeof a === 'string' && typeof b === 'string' && a.length === b.length)
      meter.charge(traversal(a.length));
    return a === b;
  }
  if (a === b) return true;
  const [left, right] = [numberOf(a), numberOf(b)];
  // JavaScript compares bigint with number exactly.
  if (left !== undefined || right !== undefined)
    return left !== undefined && right !== undefined && left == right; // oxlint-disable-line eqeqeq
  if (a instanceof CelList) return b instanceof CelList && equalLists(a, b, meter);
  if (a instanceof CelMap) return b instanceof CelMap && equalMaps(a, b, meter);
  if (a instanceof Timestamp) return b instanceof Timestamp && a.nanos === b.nanos;
  if (a instanceof Duration) return b instanceof Duration && a.nanos === b.nanos;
  if (a instanceof Uint8Array) {
    meter.charge(traversal(a.length));
    return b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  }
  if (a instanceof TypeValue) return b instanceof TypeValue && a.typeName === b.typeName;
  if (a instanceof Optional)
    return (
      b instanceof Optional &&
      a.value !== undefined &&
      b.value !== undefined &&
      equal(a.value, b.value, meter)
    );
  return a instanceof Opaque && b instanceof Opaque && a.typeName === b.typeName && a.equals(b);
}

function numberOf(value: Value): bigint | number | undefined {
  if (typeof value === 'bigint' || typeof value === 'number') return value;
  return value instanceof Uint ? value.value : undefined;
}

function equalLists(a: CelList, b: CelList, meter: Meter): boolean {
  if (a.length !== b.length) return false;
  const identity = a.identity ?? b.identity;
  if (identity === undefined) {
    for (let index = 0; index < a.length; index++) {
      meter.charge(stepCosts.element);
      if (!equal(a.at(index), b.at(index), meter)) return false;
    }
    return true;
  }
  // Keys tell elements apart, so the same elements in any order are the same list.
  const others = new Map<string, Value>();
  for (let index = 0; index < b.length; index++) {
    const value = b.at(index);
    meter.charge(stepCosts.identity);
    others.set(identityKey(value, identity, meter), value);
  }
  for (let index = 0; index < a.length; index++) {
    const value = a.at(index);
    meter.charge(stepCosts.identity);
    const other = others.get(identityKey(value, identity, meter));
    if (other === undefined || !equal(value, other, meter)) return false;
  }
  return true;
}

/** A text that two elements share just where a list of this identity takes them for the same. */
function identityKey(value: Value, identity: 'set' | readonly string[], meter?: Meter): string {
  let key = '';
  if (identity === 'set') key = JSON.stringify(toJson(value));
  else if (value instanceof CelMap)
    key = JSON.stringify(identity.map((name) => toJson(value.get(name) ?? null)));
  meter?.charge(traversal(key.length) * 2);
  return key;
}

/** The elements of both: of sets each once, of keyed lists the second's in the first's places (types/listtype of upstream's unstructured values). */
export function concat(a: CelList, b: CelList): CelList {
  const identity = a.identity ?? b.identity;
  const both = [...a.toArray(), ...b.toArray()];
  if (identity === undefined) return new Items(both);
  const merged = new Map<string, Value>();
  for (const value of both) merged.set(identityKey(value, identity), value);
  return new Items([...merged.values()], identity);
}

function equalMaps(a: CelMap, b: CelMap, meter: Meter): boolean {
  const keys = a.keys();
  const isSameSize = keys.length === b.size;
  // Both have been walked through to be counted.
  meter.charge(stepCosts.entry + 2 * keys.length);
  return (
    isSameSize &&
    keys.every((key) => {
      meter.charge(stepCosts.entry);
      const [left, right] = [a.get(key), b.get(key)];
      return left !== undefined && right !== undefined && equal(left, right, meter);
    })
  );
}

/** Negative, zero or positive. @throws CelError where the two have no order */
export function compare(a: Value, b: Value): number {
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  const [left, right] = [numberOf(a), numberOf(b)];
  if (left !== undefined && right !== undefined)
    return left < right ? -1 : left > right ? 1 : left == right ? 0 : Number.NaN; // oxlint-disable-line eqeqeq
  if (a instanceof Timestamp && b instanceof Timestamp) return order(a.nanos, b.nanos);
  if (a instanceof Duration && b instanceof Duration) return order(a.nanos, b.nanos);
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b);
  throw noSuchOverload();
}

function order(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** By code points, as Go compares UTF-8. */
function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const [x, y] = [a.charCodeAt(index), b.charCodeAt(index)];
    if (x === y) continue;
    const [high, low] = [isSurrogate(x), isSurrogate(y)];
    return high === low ? x - y : high ? 1 : -1;
  }
  return a.length - b.length;
}

function isSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdfff;
}

/** Of an element that must be there. */
export function pick(map: CelMap, key: Value): Value {
  const value = map.get(key);
  if (value === undefined) throw noSuchKey(key instanceof Uint ? key.value : key);
  return value;
}

/** As JSON has it. @throws CelError for what JSON cannot have */
export function toJson(value: Value): unknown {
  switch (typeof value) {
    case 'bigint':
      if (value > BigInt(Number.MAX_SAFE_INTEGER) || value < BigInt(Number.MIN_SAFE_INTEGER))
        throw new CelError(`integer ${value} is too large for JSON`);
      return Number(value);
    case 'number':
      if (!Number.isFinite(value)) throw new CelError(`JSON has no number ${value}`);
      return value;
    case 'object':
      break;
    default:
      return value;
  }
  if (value === null) return null;
  if (value instanceof DataMap || value instanceof DataList) return value.raw;
  if (value instanceof CelList) return value.toArray().map(toJson);
  if (value instanceof CelMap)
    return Object.fromEntries(value.keys().map((key) => [textOfKey(key), toJson(pick(value, key))]));
  if (value instanceof Uint) return toJson(value.value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value instanceof Timestamp || value instanceof Duration) return value.toString();
  throw new CelError(`JSON has no value of type ${typeNameOf(value)}`);
}

function textOfKey(key: Value): string {
  if (key instanceof Uint) return String(key.value);
  if (typeof key === 'object') throw new CelError(`unsupported key type: ${typeNameOf(key)}`);
  return String(key);
}
