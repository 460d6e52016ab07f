/**
 * A map ordered by key whose versions share structure: a B+ tree with copy-on-write nodes.
 *
 * `snapshot()` is O(1) and stays what it was while the map goes on changing, which is what pages of one list,
 * initial events of a watch and historic reads need. A write copies only nodes that a snapshot may still see
 * (told apart by `owner`), so without snapshots it works in place. Keys are ordered by UTF-16 code unit.
 */
export class OrderedMap<V> {
  #owner: Owner = {};
  #root: Node<V> = { owner: this.#owner, keys: [], values: [] };

  get size(): number {
    return sizeOf(this.#root);
  }

  get(key: string): V | undefined {
    return find(this.#root, key);
  }

  set(key: string, value: V): void {
    const root = this.#own(this.#root);
    const right = this.#insert(root, key, value);
    this.#root =
      right === undefined
        ? root
        : {
            owner: this.#owner,
            keys: [firstKey(root), firstKey(right)],
            children: [root, right],
            size: sizeOf(root) + sizeOf(right),
          };
  }

  /** Returns whether the key was there. */
  delete(key: string): boolean {
    if (find(this.#root, key) === undefined && !has(this.#root, key)) return false;
    const root = this.#own(this.#root);
    this.#remove(root, key);
    this.#root = 'children' in root && root.children.length === 1 ? root.children[0]! : root;
    return true;
  }

  /** The values of keys that begin with `prefix`, in order. Costs the next write nothing, as a snapshot would. */
  below(prefix: string): V[] {
    const found: V[] = [];
    for (const run of new OrderedView(this.#root).runs(prefix)) found.push(...run);
    return found;
  }

  snapshot(): OrderedView<V> {
    this.#owner = {};
    return new OrderedView(this.#root);
  }

  /** A copy of `node` that this version may change, or the node itself if it is already ours. */
  #own<N extends Node<V>>(node: N): N {
    if (node.owner === this.#owner) return node;
    return 'children' in node
      ? { ...node, owner: this.#owner, keys: node.keys.slice(), children: node.children.slice() }
      : { ...node, owner: this.#owner, keys: node.keys.slice(), values: node.values.slice() };
  }

  /** Inserts into a node that is ours; returns the right half if it had to split. */
  #insert(node: Node<V>, key: string, value: V): Node<V> | undefined {
    if (!('children' in node)) {
      const at = lowerBound(node.keys, key);
      if (node.keys[at] === key) {
        node.values[at] = value;
        return undefined;
      }
      node.keys.splice(at, 0, key);
      node.values.splice(at, 0, value);
      if (node.keys.length <= maxWidth) return undefined;
      // Keys that arrive in order (a first list) leave full nodes behind instead of half-empty ones.
      const cut = at === node.keys.length - 1 ? maxWidth : maxWidth / 2;
      return { owner: this.#owner, keys: node.keys.splice(cut), values: node.values.splice(cut) };
    }
    const at = childIndex(node, key);
    const child = this.#own(node.children[at]!);
    node.children[at] = child;
    const before = sizeOf(child);
    const right = this.#insert(child, key, value);
    node.size += sizeOf(child) - before;
    if (right === undefined) return undefined;
    node.size += sizeOf(right);
    node.keys.splice(at + 1, 0, firstKey(right));
    node.children.splice(at + 1, 0, right);
    if (node.children.length <= maxWidth) return undefined;
    const cut = at === node.children.length - 2 ? maxWidth : maxWidth / 2;
    const children = node.children.splice(cut);
    const size = total(children);
    node.size -= size;
    return { owner: this.#owner, keys: node.keys.splice(cut), children, size };
  }

  /** Removes a key that is known to be there from a node that is ours. */
  #remove(node: Node<V>, key: string): void {
    if (!('children' in node)) {
      const at = lowerBound(node.keys, key);
      node.keys.splice(at, 1);
      node.values.splice(at, 1);
      return;
    }
    const at = childIndex(node, key);
    const child = this.#own(node.children[at]!);
    node.children[at] = child;
    node.size -= 1;
    this.#remove(child, key);
    if (widthOf(child) < minWidth && node.children.length > 1) this.#merge(node, at === 0 ? 0 : at - 1);
  }

  /** Joins the children at `left` and `left + 1` when they fit in one node; drops an empty one in any case. */
  #merge(node: Branch<V>, left: number): void {
    const [one, two] = [node.children[left]!, node.children[left + 1]!];
    if (widthOf(one) + widthOf(two) > maxWidth) return;
    const joined = this.#own(one);
    if ('children' in joined && 'children' in two) {
      // The separator of the first child of `two` is the one its parent knows.
      joined.keys.push(node.keys[left + 1]!, ...two.keys.slice(1));
      joined.children.push(...two.children);
      joined.size += two.size;
    } else if (!('children' in joined) && !('children' in two)) {
      joined.keys.push(...two.keys);
      joined.values.push(...two.values);
    }
    node.children.splice(left, 2, joined);
    node.keys.splice(left + 1, 1);
  }
}

/** One immutable version of an `OrderedMap`. */
export class OrderedView<V> {
  readonly #root: Node<V>;

  constructor(root: Node<V>) {
    this.#root = root;
  }

  get size(): number {
    return sizeOf(this.#root);
  }

  /** How many keys are smaller than `key`. O(log n). */
  rank(key: string): number {
    let node = this.#root;
    let smaller = 0;
    while ('children' in node) {
      const at = childIndex(node, key);
      for (let index = 0; index < at; index++) smaller += sizeOf(node.children[index]!);
      node = node.children[at]!;
    }
    return smaller + lowerBound(node.keys, key);
  }

  /** How many keys start with `prefix` and are greater than `startAfter`. O(log n). */
  count(prefix: string, startAfter?: string): number {
    const end = prefixEnd(prefix);
    const last = end === undefined ? this.size : this.rank(end);
    return Math.max(0, last - this.rank(firstAfter(prefix, startAfter)));
  }

  /**
   * Values whose key starts with `prefix` and is greater than `startAfter`, in key order, a leaf at a time: going
   * through them costs a loop, not a generator step each.
   */
  *runs(prefix: string, startAfter?: string): Generator<readonly V[], void, undefined> {
    const end = prefixEnd(prefix);
    for (const { keys, values, start } of leaves(this.#root, firstAfter(prefix, startAfter))) {
      const whole = end === undefined || keys.length === 0 || keys[keys.length - 1]! < end;
      const stop = whole ? keys.length : lowerBound(keys, end);
      if (stop > start) yield start === 0 && whole ? values : values.slice(start, stop);
      if (!whole) return;
    }
  }
}

/** The smallest key greater than every key that starts with `prefix`; undefined when there is none. */
export function prefixEnd(prefix: string): string | undefined {
  for (let length = prefix.length; length > 0; length--) {
    const unit = prefix.charCodeAt(length - 1);
    if (unit < 0xffff) return prefix.slice(0, length - 1) + String.fromCharCode(unit + 1);
  }
  return undefined;
}

/** Wide enough that 100,000 keys are three levels, narrow enough that copying a path costs about a microsecond. */
const maxWidth = 64;
const minWidth = maxWidth / 4;

/** Identity of the version that may change a node in place. */
type Owner = object;

interface Leaf<V> {
  readonly owner: Owner;
  readonly keys: string[];
  readonly values: V[];
}

/** `keys[i]` separates: all keys below `children[i]` are at least it. The first separator is never looked at. */
interface Branch<V> {
  readonly owner: Owner;
  readonly keys: string[];
  readonly children: Node<V>[];
  size: number;
}

type Node<V> = Leaf<V> | Branch<V>;

function sizeOf<V>(node: Node<V>): number {
  return 'children' in node ? node.size : node.keys.length;
}

function widthOf<V>(node: Node<V>): number {
  return node.keys.length;
}

function total<V>(nodes: readonly Node<V>[]): number {
  return nodes.reduce((sum, node) => sum + sizeOf(node), 0);
}

function firstKey<V>(node: Node<V>): string {
  return node.keys[0] ?? '';
}

function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keys[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The child that holds `key` if anything does: the last whose separator is not greater. */
function childIndex<V>(node: Branch<V>, key: string): number {
  let low = 1;
  let high = node.keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (node.keys[middle]! <= key) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function leafOf<V>(root: Node<V>, key: string): Leaf<V> {
  let node = root;
  while ('children' in node) node = node.children[childIndex(node, key)]!;
  return node;
}

function find<V>(root: Node<V>, key: string): V | undefined {
  const leaf = leafOf(root, key);
  const at = lowerBound(leaf.keys, key);
  return leaf.keys[at] === key ? leaf.values[at] : undefined;
}

function has<V>(root: Node<V>, key: string): boolean {
  const leaf = leafOf(root, key);
  return leaf.keys[lowerBound(leaf.keys, key)] === key;
}

function firstAfter(prefix: string, startAfter: string | undefined): string {
  return startAfter === undefined || startAfter < prefix ? prefix : `${startAfter}\0`;
}

interface LeafSlice<V> {
  readonly keys: readonly string[];
  readonly values: readonly V[];
  readonly start: number;
}

function* leaves<V>(node: Node<V>, from: string): Generator<LeafSlice<V>, void, undefined> {
  if (!('children' in node)) {
    yield { keys: node.keys, values: node.values, start: lowerBound(node.keys, from) };
    return;
  }
  for (let at = childIndex(node, from); at < node.children.length; at++)
    yield* leaves(node.children[at]!, from);
}
