/** What CEL knows of a value before it is there. */
export type Type =
  | SimpleType
  | ListType
  | { readonly kind: 'map'; readonly key: Type; readonly value: Type }
  | ObjectType
  | { readonly kind: 'optional'; readonly value: Type }
  /** A type that only functions make and take, such as kubernetes.Quantity. */
  | { readonly kind: 'opaque'; readonly name: string }
  /** Stands for any one type within a function's signature. */
  | { readonly kind: 'param'; readonly name: string };

type SimpleKind =
  | 'dyn'
  | 'null'
  | 'bool'
  | 'int'
  | 'uint'
  | 'double'
  | 'string'
  | 'bytes'
  | 'timestamp'
  | 'duration'
  | 'type';

interface SimpleType {
  readonly kind: SimpleKind;
}

export interface ListType {
  readonly kind: 'list';
  readonly element: Type;
  /** x-kubernetes-list-type: elements are a set, or told apart by the values of these fields. Order says nothing then. */
  readonly identity?: 'set' | readonly string[];
}

/** An object with declared fields. */
export interface ObjectType {
  readonly kind: 'object';
  readonly name: string;
  /** By the name that expressions use; undefined where there is no such field. */
  field(name: string): Field | undefined;
  /** Names that expressions use, of the keys of data; keys that no field has are no part of the object. */
  nameOf(key: string): string | undefined;
}

export interface Field {
  readonly type: Type;
  /** The key in data. */
  readonly key: string;
}

export const dyn = { kind: 'dyn' } as const;
export const nullType = { kind: 'null' } as const;
export const bool = { kind: 'bool' } as const;
export const int = { kind: 'int' } as const;
export const uint = { kind: 'uint' } as const;
export const double = { kind: 'double' } as const;
export const string = { kind: 'string' } as const;
export const bytes = { kind: 'bytes' } as const;
export const timestamp = { kind: 'timestamp' } as const;
export const duration = { kind: 'duration' } as const;
export const typeType = { kind: 'type' } as const;

export function listOf(element: Type, identity?: 'set' | readonly string[]): ListType {
  return identity === undefined ? { kind: 'list', element } : { kind: 'list', element, identity };
}

export function mapOf(key: Type, value: Type): Type {
  return { kind: 'map', key, value };
}

export function optionalOf(value: Type): Type {
  return { kind: 'optional', value };
}

export function opaque(name: string): Type {
  return { kind: 'opaque', name };
}

/**
 * An object type of these fields, by the keys of data.
 * @param spell the name that expressions use for a key; undefined where they cannot. Escaped unless given
 */
export function objectOf(
  name: string,
  types: Readonly<Record<string, Type>>,
  spell: (key: string) => string | undefined = escapeProperty,
): ObjectType {
  const fields = new Map<string, Field>();
  const names = new Map<string, string>();
  for (const [key, type] of Object.entries(types)) {
    const escaped = spell(key);
    if (escaped === undefined) continue;
    fields.set(escaped, { type, key });
    names.set(key, escaped);
  }
  return {
    kind: 'object',
    name,
    field: (field) => fields.get(field),
    nameOf: (key) => names.get(key),
  };
}

const reserved = new Set(
  (
    'true false null in as break const continue else for function if import let loop package namespace return ' +
    'var void while'
  ).split(' '),
);
const escapes: Readonly<Record<string, string>> = {
  '.': '__dot__',
  '-': '__dash__',
  '/': '__slash__',
  __: '__underscores__',
};

/**
 * How expressions spell the name of a property (apiserver/schema/cel/model/escaping.go); undefined where
 * they cannot.
 */
export function escapeProperty(name: string): string | undefined {
  if (reserved.has(name)) return `__${name}__`;
  if (!/^[A-Za-z_][\w.\-/]*$/.test(name)) return undefined;
  return name.replace(/__|[.\-/]/g, (text) => escapes[text] ?? text);
}

/** As cel-go writes types in its messages. */
export function formatType(type: Type): string {
  switch (type.kind) {
    case 'list':
      return `list(${formatType(type.element)})`;
    case 'map':
      return `map(${formatType(type.key)}, ${formatType(type.value)})`;
    case 'optional':
      return `optional_type(${formatType(type.value)})`;
    case 'object':
    case 'opaque':
    case 'param':
      return type.name;
    default:
      return type.kind;
  }
}

/** The types that a call has found its parameters to stand for. */
export type Bindings = Map<string, Type>;

/** Whether a value of `actual` may be given where `formal` is asked for; learns what parameters stand for. */
export function accepts(formal: Type, actual: Type, bindings: Bindings): boolean {
  if (formal.kind === 'param') {
    const bound = bindings.get(formal.name);
    if (bound === undefined || bound.kind === 'dyn') {
      bindings.set(formal.name, actual);
      return true;
    }
    if (accepts(bound, actual, bindings)) return true;
    // An empty list's elements, or a null, take the type of what comes later.
    if (!accepts(actual, bound, bindings)) return false;
    bindings.set(formal.name, actual);
    return true;
  }
  if (actual.kind === 'param' || formal.kind === 'dyn' || actual.kind === 'dyn') return true;
  if (actual.kind === 'null' && ['object', 'opaque', 'timestamp', 'duration'].includes(formal.kind))
    return true;
  switch (formal.kind) {
    case 'list':
      return actual.kind === 'list' && accepts(formal.element, actual.element, bindings);
    case 'map':
      return (
        actual.kind === 'map' &&
        accepts(formal.key, actual.key, bindings) &&
        accepts(formal.value, actual.value, bindings)
      );
    case 'optional':
      return actual.kind === 'optional' && accepts(formal.value, actual.value, bindings);
    case 'object':
    case 'opaque':
      return actual.kind === formal.kind && actual.name === formal.name;
    default:
      return actual.kind === formal.kind;
  }
}

/** A type with its parameters replaced; what nothing was learned about is dyn. */
export function substitute(type: Type, bindings: Bindings): Type {
  switch (type.kind) {
    case 'param':
      return bindings.get(type.name) ?? dyn;
    case 'list':
      return listOf(substitute(type.element, bindings));
    case 'map':
      return mapOf(substitute(type.key, bindings), substitute(type.value, bindings));
    case 'optional':
      return optionalOf(substitute(type.value, bindings));
    default:
      return type;
  }
}

/** Whether something about the type is only known when the value is there. */
export function isDynamic(type: Type): boolean {
  switch (type.kind) {
    case 'dyn':
    case 'param':
      return true;
    case 'list':
      return isDynamic(type.element);
    case 'map':
      return isDynamic(type.key) || isDynamic(type.value);
    case 'optional':
      return isDynamic(type.value);
    default:
      return false;
  }
}

/** The one type of two values; undefined where they have none. */
export function join(a: Type, b: Type): Type | undefined {
  const bindings: Bindings = new Map();
  if (a.kind === 'dyn' || b.kind === 'dyn') return dyn;
  if (accepts(a, b, bindings)) return isDynamic(a) ? b : a;
  return accepts(b, a, bindings) ? b : undefined;
}
