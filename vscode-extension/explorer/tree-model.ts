import type { Container, Pod } from '../../core/api/generated/core-v1.ts';
import { StatusError } from '../../core/api/errors.ts';
import type { KubernetesObject } from '../../core/api/object.ts';
import { qualifiedResource } from '../../core/api/resource.ts';
import type { ResourceIndex, ServedResource } from '../../core/client/resource-index.ts';
import type { Clock } from '../../core/machinery/clock.ts';
import { addTo } from '../../core/machinery/set-map.ts';
import type { OpenCluster } from '../session/cluster-session.ts';
import { reasonOf } from '../session/reason.ts';
import { categoriesOf } from './categories.ts';
import { KindWatches, type Change } from './kind-watches.ts';
import type { ObjectFilter } from './object-filter.ts';
import { containerStatus, statusOf } from './object-status.ts';
import { contextNodes, namespaceNodes } from './place-nodes.ts';
import { relationOf } from './related.ts';
import type {
  CategoryNode,
  ContainerNode,
  KindCounts,
  KindNode,
  ObjectNode,
  RangeNode,
  SelectorNode,
  TreeNode,
} from './tree-node.ts';

/** More objects than this below one node are shown in ranges, so that the editor draws what is looked at. */
const mostAtOnce = 1_000;
const rangeSize = 250;
/** Changes are shown together, this long after the first of them. */
const showAfterMs = 150;

export interface TreeModelDependencies {
  readonly clock: Clock;
  /** The contexts that can be opened instead. */
  readonly contexts: () => readonly string[];
  /** Told which nodes to draw again, with what is below them. */
  readonly onChange: (nodes: readonly TreeNode[]) => void;
}

/**
 * One cluster as a tree: categories, kinds, objects and what belongs to them, down to containers. What was looked at
 * is watched and reported when it changes; what was not costs nothing.
 */
export class TreeModel {
  readonly #cluster: OpenCluster;
  readonly #namespace: string | undefined;
  readonly #dependencies: TreeModelDependencies;
  readonly #watches: KindWatches;
  readonly #nodes = new Map<string, TreeNode>();
  readonly #objectNodes = new Map<string, Set<ObjectNode>>();
  /** Objects whose children were asked for. */
  readonly #openOwners = new Set<ObjectNode>();
  /** By their resources. */
  readonly #kindNodes = new Map<string, KindNode>();
  readonly #dirty = new Set<TreeNode>();
  #index: ResourceIndex | undefined;
  #filter: ObjectFilter | undefined;
  #cancelFlush: (() => void) | undefined;
  #closed = false;

  constructor(cluster: OpenCluster, namespace: string | undefined, dependencies: TreeModelDependencies) {
    this.#cluster = cluster;
    this.#namespace = namespace;
    this.#dependencies = dependencies;
    this.#watches = new KindWatches(cluster, (resource, change) => this.#changed(resource, change));
  }

  get filter(): ObjectFilter | undefined {
    return this.#filter;
  }

  set filter(filter: ObjectFilter | undefined) {
    this.#filter = filter;
  }

  close(): void {
    this.#closed = true;
    this.#cancelFlush?.();
    this.#watches.close();
  }

  async roots(): Promise<readonly TreeNode[]> {
    const context = this.#selector('context', this.#cluster.context.name);
    try {
      this.#index = await this.#cluster.resources();
    } catch (error) {
      return [context, this.#message(undefined, error)];
    }
    this.#watches.keepOnly(this.#index.all);
    const categories = categoriesOf(this.#index.all).map(({ name, resources }) => {
      const node = this.#node<CategoryNode>({
        type: 'category',
        id: name,
        parent: undefined,
        name,
        resources,
      });
      node.resources = resources;
      return node;
    });
    return [context, this.#selector('namespace', this.#namespace), ...categories];
  }

  /** The contexts that can be opened are others now. */
  contextsChanged(): void {
    this.#mark(this.#selector('context', this.#cluster.context.name));
  }

  async children(node: TreeNode): Promise<readonly TreeNode[]> {
    try {
      switch (node.type) {
        case 'selector':
          return node.what === 'context'
            ? contextNodes(node, this.#dependencies.contexts())
            : namespaceNodes(node, await this.#namespaces(), this.#cluster.context.namespace);
        case 'category':
          return this.#kinds(node);
        case 'kind':
          return (await this.#firstOf(node)) ?? this.#allOf(node);
        case 'range':
          return node.objects.map((object) => this.#objectNode(node, node.resource, object));
        case 'object':
          return await this.#below(node);
        default:
          return [];
      }
    } catch (error) {
      return [this.#message(node, error)];
    }
  }

  /** Whether there can be anything below. */
  hasChildren(node: TreeNode): boolean {
    if (node.type === 'object') return isPod(node.resource) || relationOf(node.resource) !== undefined;
    return ['selector', 'category', 'kind', 'range'].includes(node.type);
  }

  /** Undefined until the objects are there. */
  counts({ resource }: KindNode): KindCounts | undefined {
    const informer = this.#watches.peek(resource, this.#namespace);
    if (informer === undefined) return undefined;
    let [total, errors] = [0, 0];
    for (const object of informer.lister.values()) {
      const status = statusOf(resource, object);
      if (this.#filter?.accepts(object, status) === false) continue;
      total++;
      if (status.severity === 'error') errors++;
    }
    return { total, errors };
  }

  #kinds(category: CategoryNode): readonly TreeNode[] {
    return category.resources.map((resource) => {
      const id = `${category.id}/${resource.plural}.${resource.group}`;
      const node = this.#node<KindNode>({ type: 'kind', id, parent: category, resource });
      node.resource = resource;
      this.#kindNodes.set(qualifiedResource(resource), node);
      // For the counts; a kind that may not be seen says so when it is opened.
      if (this.#watches.peek(resource, this.#namespace) === undefined) {
        this.#watches.get(resource, this.#namespace).then(
          () => this.#mark(node),
          () => undefined,
        );
      }
      return node;
    });
  }

  #selector(what: SelectorNode['what'], chosen: string | undefined): SelectorNode {
    return this.#node({ type: 'selector', id: `choose/${what}`, parent: undefined, what, chosen });
  }

  /** Undefined for those who may not see them. */
  async #namespaces(): Promise<readonly KubernetesObject[] | undefined> {
    const resource = this.#index?.lookUp('namespaces');
    if (resource === undefined) return undefined;
    try {
      return (await this.#watches.get(resource, undefined)).lister.list();
    } catch (error) {
      if (error instanceof StatusError && error.reason === 'Forbidden') return undefined;
      throw error;
    }
  }

  async #allOf(node: KindNode): Promise<readonly TreeNode[]> {
    const { resource } = node;
    const informer = await this.#watches.get(resource, this.#namespace);
    return this.#ranges(node, resource, this.#accepted(resource, informer.lister.list()));
  }

  /** Of very many objects the first, while the others are on their way; undefined where it is all or nothing. */
  async #firstOf(node: KindNode): Promise<readonly TreeNode[] | undefined> {
    const { resource } = node;
    const isThere = () => this.#watches.peek(resource, this.#namespace) !== undefined;
    // What a filter leaves over is known only when all are there.
    if (this.#filter !== undefined || isThere()) return undefined;
    const { objects, remaining } = await this.#watches.firstPage(resource, this.#namespace);
    if (objects.length + remaining <= mostAtOnce || isThere()) return undefined;
    // Marked when the rest has come by who made the node; when it does not come, to say why.
    this.#watches.get(resource, this.#namespace).catch(() => this.#mark(node));
    const more: TreeNode = { type: 'more', id: `${node.id}/more`, parent: node, remaining };
    return [...this.#rangesOf(node, resource, this.#accepted(resource, objects)), more];
  }

  #accepted(resource: ServedResource, objects: readonly KubernetesObject[]): readonly KubernetesObject[] {
    const filter = this.#filter;
    const kept =
      filter === undefined
        ? [...objects]
        : objects.filter((object) => filter.accepts(object, statusOf(resource, object)));
    return kept.sort(resource.kind === 'Event' ? newestFirst : byName);
  }

  #ranges(
    parent: TreeNode,
    resource: ServedResource,
    objects: readonly KubernetesObject[],
  ): readonly TreeNode[] {
    if (objects.length <= mostAtOnce) {
      return objects.map((object) => this.#objectNode(parent, resource, object));
    }
    return this.#rangesOf(parent, resource, objects);
  }

  #rangesOf(
    parent: TreeNode,
    resource: ServedResource,
    objects: readonly KubernetesObject[],
  ): readonly RangeNode[] {
    const ranges: RangeNode[] = [];
    for (let at = 0; at < objects.length; at += rangeSize) {
      const some = objects.slice(at, at + rangeSize);
      const [from, to] = [some.at(0)?.metadata.name ?? '', some.at(-1)?.metadata.name ?? ''];
      const id = `${parent.id}/${at}`;
      // Made anew every time: what it contains is part of it.
      const node: RangeNode = { type: 'range', id, parent, resource, from, to, objects: some };
      this.#nodes.set(id, node);
      ranges.push(node);
    }
    return ranges;
  }

  async #below(node: ObjectNode): Promise<readonly TreeNode[]> {
    if (isPod(node.resource)) return this.#containers(node);
    const relation = relationOf(node.resource);
    const resource = relation === undefined ? undefined : this.#index?.lookUp(relation.resource);
    if (relation === undefined || resource === undefined) return [];
    const namespace = relation.sameNamespace ? this.#namespace : undefined;
    const informer = await this.#watches.get(resource, namespace);
    this.#openOwners.add(node);
    const found = [...relation.find(informer, node.object)].sort(byName);
    return this.#ranges(node, resource, found);
  }

  #containers(pod: ObjectNode): readonly ContainerNode[] {
    const object = pod.object as Pod;
    const { initContainers, containers, ephemeralContainers } = object.spec;
    const nodes = (
      role: ContainerNode['role'],
      list: readonly Pick<Container, 'name' | 'image'>[] | undefined,
    ) =>
      (list ?? []).map((container): ContainerNode => ({
        type: 'container',
        id: `${pod.id}/${container.name}`,
        parent: pod,
        role,
        pod,
        name: container.name,
        image: container.image ?? '',
        status: containerStatus(object, container),
      }));
    return [
      ...nodes('main', containers),
      ...nodes('init', initContainers),
      ...nodes('ephemeral', ephemeralContainers),
    ];
  }

  #changed(resource: ServedResource, change: Change): void {
    const { object } = change;
    const uid = object.metadata.uid ?? '';
    const nodes = this.#objectNodes.get(uid);
    if (change.type === 'updated') {
      for (const node of nodes ?? []) {
        node.object = object;
        if (looksDifferent(resource, object, change.previous)) this.#mark(node);
      }
    }
    const moved =
      change.type !== 'updated' ||
      this.#accepts(resource, object) !== this.#accepts(resource, change.previous);
    const kind = this.#kindNodes.get(qualifiedResource(resource));
    if (kind !== undefined && moved) this.#mark(kind);
    if (isNamespace(resource) && (moved || looksDifferent(resource, object, change.previous)))
      this.#mark(this.#selector('namespace', this.#namespace));
    this.#markOwners(resource, change);
    if (change.type === 'deleted') {
      this.#objectNodes.delete(uid);
      for (const node of nodes ?? []) {
        this.#nodes.delete(node.id);
        this.#openOwners.delete(node);
      }
    }
  }

  #accepts(resource: ServedResource, object: KubernetesObject): boolean {
    const status = statusOf(resource, object);
    // A fault is counted beside its kind, so it moves the kind as well.
    return this.#filter?.accepts(object, status) !== false && status.severity !== 'error';
  }

  /** Whom an object comes to, or leaves: a Pod that is placed on a node, or whose labels change, changes hands. */
  #markOwners(resource: ServedResource, change: Change): void {
    const name = qualifiedResource(resource);
    for (const node of this.#openOwners) {
      const relation = relationOf(node.resource);
      if (relation?.resource !== name) continue;
      const before = change.type === 'updated' && relation.concerns(change.previous, node.object);
      if (relation.concerns(change.object, node.object) !== before) this.#mark(node);
    }
  }

  #mark(node: TreeNode): void {
    if (this.#closed) return;
    this.#dirty.add(node);
    this.#cancelFlush ??= this.#dependencies.clock.after(showAfterMs, () => {
      this.#cancelFlush = undefined;
      const nodes = [...this.#dirty];
      this.#dirty.clear();
      this.#dependencies.onChange(nodes);
    });
  }

  #objectNode(parent: TreeNode, resource: ServedResource, object: KubernetesObject): ObjectNode {
    const uid = object.metadata.uid ?? '';
    const node = this.#node<ObjectNode>({
      type: 'object',
      id: `${parent.id}/${uid}`,
      parent,
      context: this.#cluster.context.name,
      resource,
      object,
    });
    node.object = object;
    node.resource = resource;
    addTo(this.#objectNodes, uid, node);
    return node;
  }

  /** The node of that id that is known, because the editor keeps nodes by identity. */
  #node<T extends TreeNode>(node: T): T {
    const existing = this.#nodes.get(node.id);
    if (existing !== undefined) return existing as T;
    this.#nodes.set(node.id, node);
    return node;
  }

  #message(parent: TreeNode | undefined, error: unknown): TreeNode {
    const text = reasonOf(error);
    return { type: 'message', id: `${parent?.id ?? ''}/message`, parent, text };
  }
}

function isNamespace({ group, kind }: ServedResource): boolean {
  return group === '' && kind === 'Namespace';
}

function isPod({ group, kind }: ServedResource): boolean {
  return group === '' && kind === 'Pod';
}

/** Whether the rows of an object, or of what it contains, differ; heartbeats and the like do not count. */
function looksDifferent(
  resource: ServedResource,
  object: KubernetesObject,
  previous: KubernetesObject,
): boolean {
  const [now, before] = [statusOf(resource, object), statusOf(resource, previous)];
  if (now.text !== before.text || now.severity !== before.severity) return true;
  if (isPod(resource)) return true;
  const unschedulable = (of: KubernetesObject) =>
    (of as { spec?: { unschedulable?: boolean } }).spec?.unschedulable;
  return unschedulable(object) !== unschedulable(previous);
}

function byName(a: KubernetesObject, b: KubernetesObject): number {
  const [x, y] = [a.metadata.name ?? '', b.metadata.name ?? ''];
  if (x !== y) return x < y ? -1 : 1;
  return (a.metadata.namespace ?? '') < (b.metadata.namespace ?? '') ? -1 : 1;
}

function newestFirst(a: KubernetesObject, b: KubernetesObject): number {
  return (a.metadata.creationTimestamp ?? '') > (b.metadata.creationTimestamp ?? '') ? -1 : 1;
}
