import { keyOf, type KubernetesObject, type ObjectName } from '../api/object.ts';

/** Reads an informer's objects: shared, read-only, as fresh as its watch. Costs no call. */
export interface Lister<T extends KubernetesObject> {
  readonly size: number;
  get(name: ObjectName): T | undefined;
  /** By "namespace/name", or "name" for cluster-scoped kinds. */
  getByKey(key: string): T | undefined;
  /** In no particular order; of one namespace where given. */
  list(namespace?: string): readonly T[];
  /** As `list()`, without making an array. Must not be held over a turn of the event loop. */
  values(): Iterable<T>;
  /** Those with an owner reference to the uid. */
  byOwner(uid: string): readonly T[];
}

/** Objects by a value that is derived from them. */
export interface Index<T> {
  get(value: string): readonly T[];
  count(value: string): number;
  /** The values that have objects. */
  values(): Iterable<string>;
}

export type IndexFunction<T> = (object: T) => readonly string[];

/** Objects by key with any number of indexes, kept up to date object by object. */
export class ObjectCache<T extends KubernetesObject> implements Lister<T> {
  readonly #objects = new Map<string, T>();
  readonly #indexes = new Map<string, CacheIndex<T>>();

  get size(): number {
    return this.#objects.size;
  }

  get({ namespace, name }: ObjectName): T | undefined {
    return this.#objects.get(namespace === undefined ? name : `${namespace}/${name}`);
  }

  getByKey(key: string): T | undefined {
    return this.#objects.get(key);
  }

  list(namespace?: string): readonly T[] {
    if (namespace === undefined) return [...this.#objects.values()];
    return this.index('namespace', (object) => [object.metadata.namespace ?? '']).get(namespace);
  }

  values(): Iterable<T> {
    return this.#objects.values();
  }

  keys(): Iterable<string> {
    return this.#objects.keys();
  }

  byOwner(uid: string): readonly T[] {
    return this.index('owner', (object) => object.metadata.ownerReferences?.map((o) => o.uid) ?? []).get(uid);
  }

  /** The index of that name; made, and filled from what is there, when it does not exist. */
  index(name: string, valuesOf: IndexFunction<T>): Index<T> {
    const existing = this.#indexes.get(name);
    if (existing !== undefined) return existing;
    const index = new CacheIndex(valuesOf);
    for (const [key, object] of this.#objects) index.add(key, object);
    this.#indexes.set(name, index);
    return index;
  }

  /** Returns what was there before. */
  set(object: T): T | undefined {
    const key = keyOf(object);
    const previous = this.#objects.get(key);
    this.#objects.set(key, object);
    for (const index of this.#indexes.values()) {
      if (previous !== undefined) index.remove(key, previous);
      index.add(key, object);
    }
    return previous;
  }

  /** Returns what was there. */
  delete(key: string): T | undefined {
    const previous = this.#objects.get(key);
    if (previous === undefined) return undefined;
    this.#objects.delete(key);
    for (const index of this.#indexes.values()) index.remove(key, previous);
    return previous;
  }
}

class CacheIndex<T> implements Index<T> {
  readonly #valuesOf: IndexFunction<T>;
  readonly #byValue = new Map<string, Map<string, T>>();

  constructor(valuesOf: IndexFunction<T>) {
    this.#valuesOf = valuesOf;
  }

  get(value: string): readonly T[] {
    const found = this.#byValue.get(value);
    return found === undefined ? [] : [...found.values()];
  }

  count(value: string): number {
    return this.#byValue.get(value)?.size ?? 0;
  }

  values(): Iterable<string> {
    return this.#byValue.keys();
  }

  add(key: string, object: T): void {
    for (const value of this.#valuesOf(object)) {
      const entries = this.#byValue.get(value);
      if (entries === undefined) this.#byValue.set(value, new Map([[key, object]]));
      else entries.set(key, object);
    }
  }

  remove(key: string, object: T): void {
    for (const value of this.#valuesOf(object)) {
      const entries = this.#byValue.get(value);
      entries?.delete(key);
      if (entries?.size === 0) this.#byValue.delete(value);
    }
  }
}
