import type { ObjectMeta } from './generated/meta-v1.ts';

/** What every stored object has. */
export interface KubernetesObject {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
}

/** An object to create: the server fills in the status and the metadata it owns. */
export type New<T> = Omit<T, 'status'> & { readonly status?: unknown };

/** A private copy that may be changed before it is sent. */
export type Mutable<T> = T extends readonly (infer Item)[]
  ? Mutable<Item>[]
  : T extends object
    ? { -readonly [Key in keyof T]: Mutable<T[Key]> }
    : T;

/** Where an object stands; `namespace` is absent for cluster-scoped kinds. */
export interface ObjectName {
  readonly namespace?: string | undefined;
  readonly name: string;
}

/** "namespace/name", or "name" for cluster-scoped objects: the key of queues and indexes. */
export function keyOf(object: KubernetesObject): string {
  const { namespace, name = '' } = object.metadata;
  return namespace === undefined ? name : `${namespace}/${name}`;
}

export function parseKey(key: string): ObjectName {
  const slash = key.indexOf('/');
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** A deep copy that may be changed; shared objects must never be. */
export function mutable<T>(object: T): Mutable<T> {
  return structuredClone(object) as Mutable<T>;
}
