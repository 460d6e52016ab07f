import { keyOf, type KubernetesObject, type ObjectName } from '../api/object.ts';
import { addTo, deleteFrom } from '../machinery/set-map.ts';
import type { Handle } from './client.ts';

/**
 * Reads an informer's objects: read-only, as fresh as its watch. Costs no call, but in process it may cost parsing:
 * what is kept is what the API holds, bytes (see `Handle`). So an object is the same one as long as somebody has it,
 * and only its `resourceVersion` says for sure whether it has changed; and whoever looks through many says by their
 * labels which ones, or asks for keys.
 */
export interface Lister<T extends KubernetesObject> {
  readonly size: number;
  get(name: ObjectName): T | undefined;
  /** By "namespace/name", or "name" for cluster-scoped kinds. */
  getByKey(key: string): T | undefined;
  has(key: string): boolean;
  /** To keep what is there now at no cost, whatever becomes of it. */
  handle(key: string): Handle<T> | undefined;
  /** In no particular order; of one namespace where given. Others than those asked for are not read. */
  list(namespace?: string, labelled?: LabelTest): readonly T[];
  /** As `list()`, without making an array. Must not be held over a turn of the event loop. */
  values(): Iterable<T>;
  /** Those with an owner reference to the uid. */
  byOwner(uid: string): readonly T[];
}

/** Objects by a value that is derived from them. */
export interface Index<T> {
  get(value: string, labelled?: LabelTest): readonly T[];
  /** Of those objects, without reading them. */
  keys(value: string): Iterable<string>;
  count(value: string): number;
  /** The values that have objects. */
  values(): Iterable<string>;
}

/** A selector, say. */
export interface LabelTest {
  matches(labels: Readonly<Record<string, string>> | undefined): boolean;
}

/** The indexes of every lister: what `list` of a namespace looks into, and `byOwner`. */
export type OwnIndex = 'namespace' | 'owner';

export type IndexFunction<T> = (object: T) => readonly string[];

/** Objects by key with any number of indexes, kept up to date object by object. */
export class ObjectCache<T extends KubernetesObject> implements Lister<T> {
  readonly #handles = new Map<string, Handle<T>>();
  readonly #indexes = new Map<string, CacheIndex<T>>();

  get size(): number {
    return this.#handles.size;
  }

  get({ namespace, name }: ObjectName): T | undefined {
    return this.getByKey(namespace === undefined ? name : `${namespace}/${name}`);
  }

  getByKey(key: string): T | undefined {
    return this.#handles.get(key)?.object;
  }

  has(key: string): boolean {
    return this.#handles.has(key);
  }

  handle(key: string): Handle<T> | undefined {
    return this.#handles.get(key);
  }

  list(namespace?: string, labelled?: LabelTest): readonly T[] {
    if (namespace === undefined) return objectsOf(this.#handles.values(), labelled);
    return this.ownIndex('namespace').get(namespace, labelled);
  }

  *values(): Iterable<T> {
    for (const handle of this.#handles.values()) yield handle.object;
  }

  keys(): Iterable<string> {
    return this.#handles.keys();
  }

  byOwner(uid: string): readonly T[] {
    return this.ownIndex('owner').get(uid);
  }

  /** What `list` of a namespace and `byOwner` look into. */
  ownIndex(name: OwnIndex): Index<T> {
    return this.index(name, ownIndexes[name]);
  }

  /** The index of that name; made, and filled from what is there, when it does not exist. */
  index(name: string, valuesOf: IndexFunction<T>): Index<T> {
    const existing = this.#indexes.get(name);
    if (existing !== undefined) return existing;
    const index = new CacheIndex(valuesOf, this.#handles);
    for (const [key, handle] of this.#handles) index.add(key, handle.object);
    this.#indexes.set(name, index);
    return index;
  }

  /** `object` is that of the handle, and `previous` that of the one whose place it takes. */
  set(handle: Handle<T>, object: T, previous: T | undefined): void {
    const key = previous === undefined ? inOnePiece(keyOf(object)) : keyOf(object);
    this.#handles.set(key, handle);
    for (const index of this.#indexes.values()) index.replace(key, object, previous);
  }

  delete(key: string, last: T): void {
    for (const index of this.#indexes.values()) index.remove(key, last);
    this.#handles.delete(key);
  }
}

/** Keeps keys only: which ones an object stands under is read from it again when it changes. */
class CacheIndex<T extends KubernetesObject> implements Index<T> {
  readonly #valuesOf: IndexFunction<T>;
  readonly #handles: ReadonlyMap<string, Handle<T>>;
  readonly #keys = new Map<string, Set<string>>();

  constructor(valuesOf: IndexFunction<T>, handles: ReadonlyMap<string, Handle<T>>) {
    this.#valuesOf = valuesOf;
    this.#handles = handles;
  }

  get(value: string, labelled?: LabelTest): readonly T[] {
    const keys = this.#keys.get(value);
    return keys === undefined ? [] : objectsOf(this.#handlesOf(keys), labelled);
  }

  keys(value: string): Iterable<string> {
    return this.#keys.get(value) ?? [];
  }

  count(value: string): number {
    return this.#keys.get(value)?.size ?? 0;
  }

  values(): Iterable<string> {
    return this.#keys.keys();
  }

  add(key: string, object: T): void {
    for (const value of this.#valuesOf(object)) addTo(this.#keys, value, key);
  }

  remove(key: string, object: T): void {
    for (const value of this.#valuesOf(object)) deleteFrom(this.#keys, value, key);
  }

  replace(key: string, object: T, previous: T | undefined): void {
    const values = this.#valuesOf(object);
    for (const value of values) addTo(this.#keys, value, key);
    if (previous === undefined) return;
    for (const value of this.#valuesOf(previous))
      if (!values.includes(value)) deleteFrom(this.#keys, value, key);
  }

  *#handlesOf(keys: Iterable<string>): Iterable<Handle<T>> {
    for (const key of keys) {
      const handle = this.#handles.get(key);
      if (handle !== undefined) yield handle;
    }
  }
}

/** Asks of each set of labels once: thousands of objects share a few. */
function objectsOf<T extends KubernetesObject>(
  handles: Iterable<Handle<T>>,
  labelled: LabelTest | undefined,
): readonly T[] {
  const objects: T[] = [];
  const answers = new Map<unknown, boolean>();
  for (const handle of handles) {
    if (labelled !== undefined) {
      const labels = handle.labels ?? handle.object.metadata.labels;
      let answer = answers.get(labels);
      if (answer === undefined) {
        answer = labelled.matches(labels);
        answers.set(labels, answer);
      }
      if (!answer) continue;
    }
    objects.push(handle.object);
  }
  return objects;
}

/** A string that was put together remembers its parts, though it is one by now. */
function inOnePiece(text: string): string {
  return Buffer.from(text).toString();
}

function namespaceOf({ metadata }: KubernetesObject): readonly string[] {
  return [metadata.namespace ?? ''];
}

function ownersOf({ metadata }: KubernetesObject): readonly string[] {
  return metadata.ownerReferences?.map(({ uid }) => uid) ?? [];
}

const ownIndexes: Readonly<Record<OwnIndex, IndexFunction<KubernetesObject>>> = {
  namespace: namespaceOf,
  owner: ownersOf,
};
