import type { JsonObject } from '../json.ts';
import type { PathElement } from './path-element.ts';

/**
 * A set of field paths as a tree, immutable (structured-merge-diff, fieldpath.Set). A node is a member of the
 * set when it is owned; having children does not make it one.
 */
export class FieldSet {
  static readonly empty = new FieldSet(false, new Map());
  /** A member with nothing below it. */
  static readonly leaf = new FieldSet(true, new Map());

  readonly owned: boolean;
  /** What it was read from; undefined where it was made otherwise. */
  readonly source: JsonObject | undefined;
  #children: ReadonlyMap<PathElement, FieldSet> | (() => ReadonlyMap<PathElement, FieldSet>);

  private constructor(
    owned: boolean,
    children: ReadonlyMap<PathElement, FieldSet> | (() => ReadonlyMap<PathElement, FieldSet>),
    source?: JsonObject,
  ) {
    this.owned = owned;
    this.source = source;
    this.#children = children;
  }

  get children(): ReadonlyMap<PathElement, FieldSet> {
    if (typeof this.#children === 'function') this.#children = this.#children();
    return this.#children;
  }

  /** A node whose children, of which there is at least one, are read when somebody looks at them. */
  static unread(
    owned: boolean,
    source: JsonObject,
    children: () => ReadonlyMap<PathElement, FieldSet>,
  ): FieldSet {
    return new FieldSet(owned, children, source);
  }

  /** A node with these children, empty ones left out. */
  static node(owned: boolean, children: Iterable<readonly [PathElement, FieldSet]>): FieldSet {
    const kept = new Map<PathElement, FieldSet>();
    for (const [element, child] of children) if (!child.isEmpty) kept.set(element, child);
    if (kept.size === 0) return owned ? FieldSet.leaf : FieldSet.empty;
    return new FieldSet(owned, kept);
  }

  static of(paths: Iterable<readonly PathElement[]>): FieldSet {
    const builder = new FieldSetBuilder();
    for (const path of paths) builder.insert(path);
    return builder.build();
  }

  /** Whether neither this node nor any below it is owned. */
  get isEmpty(): boolean {
    return !this.owned && typeof this.#children !== 'function' && this.#children.size === 0;
  }

  get size(): number {
    let size = this.owned ? 1 : 0;
    for (const child of this.children.values()) size += child.size;
    return size;
  }

  has(path: readonly PathElement[]): boolean {
    return this.at(path).owned;
  }

  /** The part of the set below a path. */
  at(path: readonly PathElement[]): FieldSet {
    const [element, ...rest] = path;
    if (element === undefined) return this;
    return this.children.get(element)?.at(rest) ?? FieldSet.empty;
  }

  /** This very set where `other` adds nothing, as in most writes. */
  union(other: FieldSet): FieldSet {
    if (this === other || other.isEmpty) return this;
    if (this.isEmpty) return other;
    return this.#with(this.owned || other.owned, other, (child, twin) => child?.union(twin) ?? twin);
  }

  intersection(other: FieldSet): FieldSet {
    if (this === other) return this;
    return FieldSet.node(
      this.owned && other.owned,
      this.#common(other, (child, twin) => child.intersection(twin)),
    );
  }

  /** This very set where `other` takes nothing away. */
  difference(other: FieldSet): FieldSet {
    if (this === other) return FieldSet.empty;
    if (other.isEmpty) return this;
    return this.#with(this.owned && !other.owned, other, (child, twin) => child?.difference(twin));
  }

  /** As `difference`, but a path in `other` takes everything below it along. */
  withoutSubtrees(other: FieldSet): FieldSet {
    if (other.isEmpty) return this;
    const below = (child: FieldSet | undefined, twin: FieldSet) =>
      twin.owned ? child && FieldSet.empty : child?.withoutSubtrees(twin);
    return this.#with(this.owned && !other.owned, other, below);
  }

  equals(other: FieldSet): boolean {
    if (this === other) return true;
    if (this.owned !== other.owned || this.children.size !== other.children.size) return false;
    for (const [element, child] of this.children) {
      const twin = other.children.get(element);
      if (twin === undefined || !child.equals(twin)) return false;
    }
    return true;
  }

  /** Every path of the set, parents before their children. */
  *paths(prefix: readonly PathElement[] = []): Generator<readonly PathElement[]> {
    if (this.owned) yield prefix;
    for (const [element, child] of this.children) yield* child.paths([...prefix, element]);
  }

  /**
   * This set with what `combine` makes of the children that `other` has, of which most are few. What stays is shared, so
   * that whoever compares sets with what they were sees at once where nothing changed.
   */
  #with(
    owned: boolean,
    other: FieldSet,
    combine: (child: FieldSet | undefined, twin: FieldSet) => FieldSet | undefined,
  ): FieldSet {
    let children: Map<PathElement, FieldSet> | undefined;
    for (const [element, twin] of other.children) {
      const child = this.children.get(element);
      const combined = combine(child, twin);
      if (combined === undefined || combined === child) continue;
      children ??= new Map(this.children);
      children.set(element, combined);
    }
    if (children === undefined && owned === this.owned) return this;
    return FieldSet.node(owned, children ?? this.children);
  }

  /** What `combine` makes of the children that both have. */
  *#common(
    other: FieldSet,
    combine: (child: FieldSet, twin: FieldSet) => FieldSet,
  ): Generator<[PathElement, FieldSet]> {
    for (const [element, child] of this.children) {
      const twin = other.children.get(element);
      if (twin !== undefined) yield [element, combine(child, twin)];
    }
  }
}

interface BuilderNode {
  owned: boolean;
  readonly children: Map<PathElement, BuilderNode>;
}

/** Collects paths into a set. Cheap when each path has much in common with the one before, as in a walk. */
export class FieldSetBuilder {
  /** The nodes along the path inserted last, the root first. */
  readonly #nodes: BuilderNode[] = [newNode()];
  #path: PathElement[] = [];

  /** The empty path is not a member: nobody owns the whole object. */
  insert(path: readonly PathElement[]): void {
    let depth = 0;
    while (depth < path.length && depth < this.#path.length && path[depth] === this.#path[depth]) depth++;
    this.#path.length = depth;
    this.#nodes.length = depth + 1;
    for (let node = this.#nodes[depth] as BuilderNode; depth < path.length; depth++) {
      const element = path[depth] as PathElement;
      let child = node.children.get(element);
      if (child === undefined) {
        child = newNode();
        node.children.set(element, child);
      }
      this.#path.push(element);
      this.#nodes.push(child);
      node = child;
    }
    if (path.length > 0) (this.#nodes[path.length] as BuilderNode).owned = true;
  }

  build(): FieldSet {
    return buildNode(this.#nodes[0] as BuilderNode);
  }
}

function newNode(): BuilderNode {
  return { owned: false, children: new Map() };
}

function buildNode({ owned, children }: BuilderNode): FieldSet {
  if (children.size === 0) return owned ? FieldSet.leaf : FieldSet.empty;
  const built = new Map<PathElement, FieldSet>();
  for (const [element, child] of children) built.set(element, buildNode(child));
  return FieldSet.node(owned, built);
}
