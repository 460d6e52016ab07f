import type { ObjectMeta, OwnerReference } from '../../api/generated/meta-v1.ts';
import type { KubernetesObject } from '../../api/object.ts';
import type { Resource } from '../../api/resource.ts';
import { deepEqual } from '../../machinery/json.ts';
import { addTo, deleteFrom } from '../../machinery/set-map.ts';

export const foregroundFinalizer = 'foregroundDeletion';
export const orphanFinalizer = 'orphan';

/** An object as the graph knows it. */
export interface GraphNode {
  readonly uid: string;
  readonly resource: Resource<KubernetesObject>;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly owners: readonly OwnerReference[];
  readonly isTerminating: boolean;
  /** Goes when its dependents have gone. */
  readonly isForeground: boolean;
  /** Goes when its dependents have been let go of. */
  readonly isOrphaning: boolean;
}

/** What the collector should look at again, by uid. */
export interface GraphChange {
  readonly look: readonly string[];
}

/**
 * Who depends on whom, by uid, as the informers tell it (upstream: garbagecollector/graph_builder.go). It only says
 * where to look: before anything is deleted the API itself is asked.
 */
export class OwnerGraph {
  readonly #nodes = new Map<string, GraphNode>();
  /** For what has no owner and is to stay nothing is ever done, so its nodes have no name, and are one. */
  readonly #ownerless = new WeakMap<Resource<KubernetesObject>, GraphNode>();
  /** Dependents by their owner's uid, whether the owner is known or not. */
  readonly #dependents = new Map<string, Set<string>>();

  get size(): number {
    return this.#nodes.size;
  }

  /** Without a name where the object has no owner and is not terminating. */
  get(uid: string): GraphNode | undefined {
    return this.#nodes.get(uid);
  }

  /** All that have owners. */
  *owned(): Generator<GraphNode> {
    for (const node of this.#nodes.values()) if (node.owners.length > 0) yield node;
  }

  /** The uids of all that are known of a resource. */
  nodesOf({ group, plural }: Pick<Resource<unknown>, 'group' | 'plural'>): readonly string[] {
    return [...this.#nodes]
      .filter(([, { resource }]) => resource.group === group && resource.plural === plural)
      .map(([uid]) => uid);
  }

  /** Those known to refer to the uid. */
  dependentsOf(uid: string): readonly GraphNode[] {
    return [...(this.#dependents.get(uid) ?? [])].flatMap((dependent) => this.#nodes.get(dependent) ?? []);
  }

  /** Those that keep an owner that is deleted in the foreground. */
  blockersOf(uid: string): readonly GraphNode[] {
    return this.dependentsOf(uid).filter(({ owners }) =>
      owners.some((reference) => reference.uid === uid && reference.blockOwnerDeletion === true),
    );
  }

  /** Dependents of what is not known: after the first lists, of what is gone. */
  dependentsOfUnknown(): readonly string[] {
    return [...this.#dependents].flatMap(([owner, dependents]) =>
      this.#nodes.has(owner) ? [] : [...dependents],
    );
  }

  set(resource: Resource<KubernetesObject>, object: KubernetesObject): GraphChange {
    const { uid = '' } = object.metadata;
    const before = this.#nodes.get(uid);
    const node = this.#nodeOf(resource, object, before);
    this.#nodes.set(uid, node);
    for (const { uid: owner } of before?.owners ?? []) deleteFrom(this.#dependents, owner, uid);
    for (const { uid: owner } of node.owners) addTo(this.#dependents, owner, uid);
    const look: string[] = [];
    // New owners may be gone already, or wait to go; owners it had may have waited for it.
    const isLost = (owner: GraphNode | undefined) => owner === undefined || owner.isForeground;
    if (before === undefined && node.owners.some(({ uid: owner }) => isLost(this.#nodes.get(owner)))) {
      look.push(uid);
    }
    look.push(
      ...ownersReleased(before, node).filter((owner) => this.#nodes.get(owner)?.isForeground === true),
    );
    if (node.isOrphaning && before?.isOrphaning !== true) look.push(uid);
    if (node.isForeground) {
      if (before?.isForeground !== true) look.push(uid, ...this.#uidsOf(uid));
    } else if (before !== undefined && before.owners.length > 0 && isChanged(before, node)) look.push(uid);
    return { look };
  }

  delete(uid: string): GraphChange {
    const node = this.#nodes.get(uid);
    if (node === undefined) return { look: [] };
    this.#nodes.delete(uid);
    for (const { uid: owner } of node.owners) deleteFrom(this.#dependents, owner, uid);
    const waiting = node.owners
      .map(({ uid: owner }) => owner)
      .filter((owner) => this.#nodes.get(owner)?.isForeground === true);
    return { look: [...this.#uidsOf(uid), ...waiting] };
  }

  #nodeOf(
    resource: Resource<KubernetesObject>,
    object: KubernetesObject,
    before: GraphNode | undefined,
  ): GraphNode {
    const { ownerReferences: owners = noOwners, deletionTimestamp } = object.metadata;
    if (owners.length > 0 || deletionTimestamp !== undefined)
      return graphNode(resource, object.metadata, this.#shared(owners, before));
    const known = this.#ownerless.get(resource);
    if (known !== undefined) return known;
    const made = graphNode(resource, {}, noOwners);
    this.#ownerless.set(resource, made);
    return made;
  }

  /** There is a node for every dependent: those of one owner, as the Pods of a ReplicaSet, have one list of owners. */
  #shared(owners: readonly OwnerReference[], before: GraphNode | undefined): readonly OwnerReference[] {
    const [first] = owners;
    if (first === undefined) return noOwners;
    if (before !== undefined && deepEqual(before.owners, owners)) return before.owners;
    const [sibling = ''] = this.#uidsOf(first.uid);
    const theirs = this.#nodes.get(sibling)?.owners;
    return theirs !== undefined && deepEqual(theirs, owners) ? theirs : owners;
  }

  #uidsOf(owner: string): Iterable<string> {
    return this.#dependents.get(owner) ?? [];
  }
}

const noOwners: readonly OwnerReference[] = [];

function graphNode(
  resource: Resource<KubernetesObject>,
  metadata: ObjectMeta,
  owners: readonly OwnerReference[],
): GraphNode {
  const { uid = '', name = '', namespace, finalizers = [], deletionTimestamp } = metadata;
  const isTerminating = deletionTimestamp !== undefined;
  return {
    uid,
    resource,
    namespace,
    name,
    owners,
    isTerminating,
    isForeground: isTerminating && finalizers.includes(foregroundFinalizer),
    isOrphaning: isTerminating && finalizers.includes(orphanFinalizer),
  };
}

/** Owners that the object no longer refers to, or no longer blocks. */
function ownersReleased(before: GraphNode | undefined, node: GraphNode): readonly string[] {
  return (before?.owners ?? []).flatMap(({ uid, blockOwnerDeletion }) => {
    const now = node.owners.find((reference) => reference.uid === uid);
    const isReleased = now === undefined || (blockOwnerDeletion === true && now.blockOwnerDeletion !== true);
    return isReleased ? [uid] : [];
  });
}

function isChanged(before: GraphNode, node: GraphNode): boolean {
  const uids = ({ owners }: GraphNode) => owners.map(({ uid }) => uid).join(' ');
  return uids(before) !== uids(node);
}
