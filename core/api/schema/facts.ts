import resourceFacts from './resources.json' with { type: 'json' };
import typeFacts from './types.json' with { type: 'json' };

/**
 * What the public Kubernetes API is, as data: names, fields, numbers, keys, declared defaults. The two JSON files
 * are the only place that states them; schemas, TypeScript types, OpenAPI and the protobuf codec derive from here.
 */
export interface FieldFact {
  readonly type?: string;
  readonly ref?: string;
  readonly list?: boolean;
  /** The scalar type of the values, or a description of them. */
  readonly map?: string | FieldFact;
  readonly items?: FieldFact;
  /** Members of the named type stand in the same JSON object. */
  readonly inline?: string;
  readonly named?: string;
  readonly enum?: readonly string[];
  readonly required?: boolean;
  readonly optional?: boolean;
  readonly pointer?: boolean;
  readonly omitempty?: boolean;
  readonly omitzero?: boolean;
  /** False: protobuf only. */
  readonly json?: boolean;
  readonly proto?: number;
  readonly protoName?: string;
  readonly protoWrap?: string;
  readonly listType?: 'atomic' | 'set' | 'map';
  readonly listMapKeys?: readonly string[];
  readonly mapType?: 'atomic' | 'granular';
  readonly structType?: 'atomic' | 'granular';
  readonly patchStrategy?: string;
  readonly patchMergeKey?: string;
  readonly default?: unknown;
}

export interface GroupVersionKindFact {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

export interface TypeFact {
  readonly gvk?: readonly GroupVersionKindFact[];
  /** The kind is accepted under every group and version (options types). */
  readonly gvkAnyGroup?: boolean;
  readonly fields: Readonly<Record<string, FieldFact>>;
  readonly structType?: 'atomic';
  /** The JSON value is one of these forms instead of an object. */
  readonly jsonOneOf?: readonly FieldFact[];
  /** False: the type has no protobuf form. */
  readonly proto?: false;
}

export interface SubresourceFact {
  readonly group?: string;
  readonly version?: string;
  readonly kind: string;
  readonly verbs: readonly string[];
  readonly connect?: boolean;
  readonly path?: boolean;
}

export interface ResourceFact {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly subresources?: Readonly<Record<string, SubresourceFact>>;
}

/** Names of one API package in the languages that care. */
export interface GroupFact {
  readonly group?: string;
  readonly version?: string;
  readonly go: string;
  readonly proto?: string;
  readonly openapi: string;
}

/** The Kubernetes release the facts were read from, such as "v1.36.2". */
export const kubernetesVersion: string = resourceFacts.kubernetes;
export const groupFacts = resourceFacts.groups as Readonly<Record<string, GroupFact>>;
export const resourceFactList = resourceFacts.resources as readonly ResourceFact[];
export const typeFactsByName = typeFacts.types as unknown as Readonly<Record<string, TypeFact>>;

/** The API package a group version lives in, such as "core/v1". */
export function packageOfResource(resource: { readonly group: string; readonly version: string }): string {
  const found = Object.entries(groupFacts).find(
    ([, fact]) => (fact.group ?? '') === resource.group && fact.version === resource.version,
  );
  if (found === undefined)
    throw new Error(`Cannot find the package of "${resource.group}/${resource.version}"`);
  return found[0];
}
