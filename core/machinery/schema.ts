/**
 * The shape of a JSON value. Validation, pruning, defaulting, strategic merge, server-side apply, OpenAPI,
 * protobuf, completion and hover all read this one description. Schemas are immutable, shared, and may be
 * cyclic (a field's schema is a getter), so compare them by identity and never serialise them whole.
 */
export type Schema = ObjectSchema | ListSchema | MapSchema | ScalarSchema | AnySchema;

export interface ObjectSchema {
  readonly kind: 'object';
  /** Name of the type, such as "core/v1.PodSpec"; undefined for anonymous ones (custom resources). */
  readonly name?: string;
  /** In declaration order. Inlined members are already flattened into this map. */
  readonly fields: ReadonlyMap<string, Field>;
  /** Server-side apply treats the object as one value. */
  readonly atomic: boolean;
  /** Unknown members are kept instead of pruned. */
  readonly preserveUnknown: boolean;
}

export interface ListSchema {
  readonly kind: 'list';
  readonly items: Schema;
  readonly listType: 'atomic' | 'set' | 'map';
  /** The members that identify an item when `listType` is 'map'. */
  readonly mapKeys: readonly string[];
}

export interface MapSchema {
  readonly kind: 'map';
  readonly values: Schema;
  readonly atomic: boolean;
}

export type ScalarType =
  | 'string'
  | 'bool'
  | 'int32'
  | 'int64'
  | 'double'
  | 'bytes'
  | 'date-time'
  | 'micro-time'
  | 'duration'
  | 'quantity'
  | 'int-or-string';

export interface ScalarSchema {
  readonly kind: 'scalar';
  readonly type: ScalarType;
  /** The closed set of values, where there is one. */
  readonly values?: readonly string[];
}

/** Any JSON value: RawExtension, FieldsV1, JSON. */
export interface AnySchema {
  readonly kind: 'any';
  /** What the value is where it is an object; other values are not looked into (JSONSchemaPropsOrBool). */
  readonly whenObject?: ObjectSchema;
  /** Scalars and lists are as good as objects: JSON. Not so for RawExtension, which holds an object. */
  readonly anyType?: true;
}

export interface Field {
  readonly name: string;
  readonly schema: Schema;
  /** The schema rule only; validation asks for more. */
  readonly required: boolean;
  /** Absent and zero differ. Without it a zero scalar means unset (matters to protobuf and to pruning of zeros). */
  readonly pointer: boolean;
  /** Written even when empty. */
  readonly keepEmpty: boolean;
  readonly default?: unknown;
  readonly patch: FieldPatch;
}

/** How strategic merge patch treats the field (upstream: api-conventions, strategic-merge-patch). */
export interface FieldPatch {
  readonly merge: boolean;
  readonly retainKeys: boolean;
  /** An object is taken as it is given, instead of member by member. */
  readonly replace?: true;
  readonly mergeKey?: string;
}
