import { RecentMap } from '../../machinery/recent-map.ts';
import type { KeyValue, Revision } from '../storage.ts';

/** Equal ones are best one object: what is known about one is then known about all. */
export type Labels = Readonly<Record<string, string>>;

/** One object as the cache holds it. Shared by everyone and never changed: an update makes another item. */
export interface CachedItem<T> {
  readonly key: string;
  /** What the cache's `decode` made of the stored bytes. */
  readonly object: T;
  readonly modRevision: Revision;
  readonly createRevision: Revision;
  /** Size of the stored value. */
  readonly bytes: number;
  /** Where the item stands in the indexes: see `posting`. */
  readonly postings: readonly string[];
  readonly labels: Labels;
}

/** Functions that say under which values an object is found, by index name: `{'spec.nodeName': pod => [...]}`. */
export type Indexes<T> = Readonly<Record<string, (object: T) => readonly string[]>>;

/** One value of one named index. */
export interface IndexValue {
  readonly name: string;
  readonly value: string;
}

/** An index value as one string: the key of dispatch tables and the start of every key in the posting tree. */
export function posting({ name, value }: IndexValue): string {
  return `${name}\0${value}\0`;
}

export interface ItemMakerOptions<T> {
  readonly decode: (entry: KeyValue) => T;
  readonly indexes?: Indexes<T> | undefined;
  readonly labelsOf?: ((object: T) => Labels) | undefined;
  readonly onError: (error: unknown) => void;
}

/** Makes items out of entries; what a decoder or an index function throws is reported, not passed on. */
export class ItemMaker<T> {
  readonly #decode: (entry: KeyValue) => T;
  readonly #labelsOf: (object: T) => Labels;
  readonly #indexes: readonly (readonly [name: string, values: (object: T) => readonly string[]])[];
  readonly #onError: (error: unknown) => void;
  /** The Pods of a node stand in the same places; each on its own would take 300 bytes to say so. */
  readonly #shared = new RecentMap<string, readonly string[]>(mostShared);

  constructor({ decode, indexes = {}, labelsOf = () => unlabelled, onError }: ItemMakerOptions<T>) {
    this.#decode = decode;
    this.#labelsOf = labelsOf;
    this.#indexes = Object.entries(indexes);
    this.#onError = onError;
  }

  /** Undefined when the entry cannot be decoded: one broken value must not take the whole prefix down. */
  make(entry: KeyValue): CachedItem<T> | undefined {
    const { key, modRevision, createRevision } = entry;
    let object: T;
    let labels: Labels;
    try {
      object = this.#decode(entry);
      labels = this.#labelsOf(object);
    } catch (cause) {
      this.#onError(
        new Error(`Cannot decode "${key}" at revision ${modRevision}: it is left out`, { cause }),
      );
      return undefined;
    }
    return {
      key,
      object,
      modRevision,
      createRevision,
      bytes: entry.value.length,
      postings: this.#postings(key, object),
      labels,
    };
  }

  has(index: string): boolean {
    return this.#indexes.some(([name]) => name === index);
  }

  #postings(key: string, object: T): readonly string[] {
    if (this.#indexes.length === 0) return nowhere;
    const postings: string[] = [];
    for (const [name, values] of this.#indexes) {
      try {
        for (const value of values(object)) postings.push(posting({ name, value }));
      } catch (cause) {
        this.#onError(new Error(`Cannot index "${key}" by ${name}: it is not found by it`, { cause }));
      }
    }
    if (postings.length === 0) return nowhere;
    // Whoever writes the values writes the separators too: only what is quoted is told apart.
    const together = JSON.stringify(postings);
    const known = this.#shared.get(together);
    if (known !== undefined) return known;
    // No longer than it is: what grew by pushing has room for sixteen.
    const shared = postings.slice();
    this.#shared.set(together, shared, 1);
    return shared;
  }
}

const nowhere: readonly string[] = [];
/** More than a large cluster has nodes. */
const mostShared = 10_000;
const unlabelled: Labels = {};
