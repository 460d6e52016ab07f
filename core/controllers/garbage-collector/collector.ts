import { ifFound, isNotFound } from '../../api/errors.ts';
import type { OwnerReference } from '../../api/generated/meta-v1.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { parseApiVersion, type Resource } from '../../api/resource.ts';
import type { Scheme } from '../../api/scheme.ts';
import type { Client } from '../../client/client.ts';
import { referenceTo, type EventRecorder } from '../../client/events.ts';
import type { DeleteOptions } from '../../api/verbs.ts';
import { loopTimeOf, type LoopTime } from '../../machinery/loop-time.ts';
import { followKinds, isCollectable, resourceOf } from '../runtime/all-kinds.ts';
import { Controller } from '../runtime/controller.ts';
import type { ControllerDependencies } from '../runtime/dependencies.ts';
import type { Runnable } from '../runtime/manager.ts';
import { foregroundFinalizer, orphanFinalizer, OwnerGraph, type GraphNode } from './graph.ts';

/** How an object's owners stand. */
interface Owners {
  /** There, and to stay. */
  readonly solid: readonly OwnerReference[];
  readonly absent: readonly OwnerReference[];
  /** Wait to go until this object has gone. */
  readonly waiting: readonly OwnerReference[];
}

/** Absent owners remembered; a Deployment's thousand Pods ask for its uid once. */
const maxAbsent = 500;
/** Looked at between two looks at the clock. */
const nodesTogether = 500;

/**
 * Deletes what has lost its last owner, makes owners deleted in the foreground wait for their dependents, and frees
 * the dependents of those that leave them behind (upstream: pkg/controller/garbagecollector).
 */
export class GarbageCollector implements Runnable {
  readonly name = 'garbage-collector';
  readonly #client: Client;
  readonly #time: LoopTime;
  readonly #scheme: Scheme;
  readonly #informers: ControllerDependencies['informers'];
  readonly #events: EventRecorder;
  readonly #graph = new OwnerGraph();
  readonly #controller: Controller;
  /** By namespace and uid, as they were looked for. */
  readonly #absent = new Set<string>();
  /** Uids of owners whose deletion was seen. */
  readonly #ended = new Set<string>();
  #running = false;

  constructor({ client, clock, scheme, informers, eventsOf, onError }: ControllerDependencies) {
    this.#client = client;
    this.#time = loopTimeOf(clock);
    this.#events = eventsOf('garbage-collector-controller');
    this.#scheme = scheme;
    this.#informers = informers;
    this.#controller = new Controller({
      name: this.name,
      clock,
      workers: 20,
      reconcile: (uid, signal) => this.#look(uid, signal),
      onError,
    });
    followKinds(scheme, informers, isCollectable, {
      onServed: (resource) => this.#watch(resource),
      onWithdrawn: (resource) => this.#forget(resource),
    });
  }

  async run(signal: AbortSignal): Promise<void> {
    this.#running = true;
    // While the first lists arrived, owners came after their dependents as often as before them.
    for (const uid of this.#graph.dependentsOfUnknown()) this.#controller.queue.add(uid);
    await Promise.all([this.#controller.run(signal), this.#lookForOwnersElsewhere(signal)]);
  }

  async #lookForOwnersElsewhere(signal: AbortSignal): Promise<void> {
    let looked = 0;
    for (const node of this.#graph.owned()) {
      if (looked++ % nodesTogether === 0) await this.#time.turn();
      if (signal.aborted) return;
      if (this.#isOwnedFromAfar(node)) this.#controller.queue.add(node.uid);
    }
  }

  #watch(resource: Resource<KubernetesObject>): void {
    const set = (object: KubernetesObject) => this.#enqueue(this.#graph.set(resource, object).look);
    this.#informers.informer(resource).addHandler({
      onAdd: (object) => {
        set(object);
        const node = this.#graph.get(object.metadata.uid ?? '');
        if (node !== undefined && this.#isOwnedFromAfar(node)) this.#enqueue([node.uid]);
      },
      onUpdate: set,
      onDelete: ({ metadata: { uid = '' } }) => this.#gone(uid),
    });
  }

  /** Its objects went before it, though their end may not have been seen; served again, they come again. */
  #forget(resource: Resource<KubernetesObject>): void {
    for (const uid of this.#graph.nodesOf(resource)) this.#enqueue(this.#graph.delete(uid).look);
  }

  /**
   * Whether an owner that is known is not in its namespace: it is looked for there, and so is absent; of what is in no
   * namespace it is only told (upstream's OwnerRefInvalidNamespace).
   */
  #isOwnedFromAfar(node: GraphNode): boolean {
    return node.owners.some((reference) => this.#isElsewhere(node, reference));
  }

  #isElsewhere({ namespace }: GraphNode, { uid, name }: OwnerReference): boolean {
    const owner = this.#graph.get(uid);
    if (owner?.resource.namespaced !== true) return false;
    // What is in no namespace has no owner in one.
    if (namespace === undefined) return true;
    return !this.#informers.informer(owner.resource).lister.has(`${namespace}/${name}`);
  }

  #gone(uid: string): void {
    // Its kind may go with it, and then nobody could be asked.
    if (this.#graph.dependentsOf(uid).length > 0) remember(this.#ended, uid);
    this.#enqueue(this.#graph.delete(uid).look);
  }

  #enqueue(uids: readonly string[]): void {
    for (const uid of uids) {
      const node = this.#graph.get(uid);
      if (node === undefined) continue;
      // Until the lists are complete most owners are only not known yet.
      if (this.#running || node.isForeground || node.isOrphaning) this.#controller.queue.add(uid);
    }
  }

  async #look(uid: string, signal: AbortSignal): Promise<void> {
    const node = this.#graph.get(uid);
    if (node === undefined) return;
    if (node.isOrphaning) return await this.#orphanDependents(node, signal);
    if (node.isForeground) return await this.#awaitDependents(node, signal);
    if (node.isTerminating || node.owners.length === 0) return;
    const live = await this.#live(node, signal);
    if (live === undefined || live.metadata.deletionTimestamp !== undefined) return;
    const owners = await this.#ownersOf(node, live, signal);
    this.#tellOfOwnersElsewhere(node, live);
    if (owners.absent.length === 0 && owners.waiting.length === 0) return;
    if (owners.solid.length > 0) return await this.#dropOwners(node, live, owners, signal);
    await this.#delete(node, live, owners, signal);
  }

  /** Warns of references to what is known to be, but in another namespace: a mistake of whoever wrote them. */
  #tellOfOwnersElsewhere(node: GraphNode, live: KubernetesObject): void {
    const { namespace = '' } = node;
    for (const reference of live.metadata.ownerReferences ?? []) {
      if (!this.#isElsewhere(node, reference)) continue;
      const { apiVersion, kind, name, uid } = reference;
      this.#events.event(
        referenceTo(node.resource, live),
        'Warning',
        'OwnerRefInvalidNamespace',
        `ownerRef [${apiVersion}/${kind}, namespace: ${namespace}, name: ${name}, uid: ${uid}] does not exist in namespace ${JSON.stringify(namespace)}`,
      );
    }
  }

  /** Only for want of owners it still has: the rest of what a solid one keeps must not go with the others. */
  async #dropOwners(
    { resource }: GraphNode,
    live: KubernetesObject,
    { solid }: Owners,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#patchMetadata(resource, live, { ownerReferences: solid }, signal);
  }

  async #delete(
    node: GraphNode,
    live: KubernetesObject,
    { waiting }: Owners,
    signal: AbortSignal,
  ): Promise<void> {
    const dependents = this.#graph.dependentsOf(node.uid);
    if (waiting.length > 0 && dependents.length > 0) {
      // Two that wait for each other would wait for ever: it stops blocking, and goes in its turn.
      if (dependents.some(({ isForeground }) => isForeground)) await this.#unblock(node, live, signal);
      return await this.#remove(node, await this.#live(node, signal), 'Foreground', signal);
    }
    await this.#remove(node, live, policyOf(live), signal);
  }

  async #unblock({ resource }: GraphNode, live: KubernetesObject, signal: AbortSignal): Promise<void> {
    const ownerReferences = live.metadata.ownerReferences?.map((reference) => ({
      ...reference,
      blockOwnerDeletion: false,
    }));
    await this.#patchMetadata(resource, live, { ownerReferences }, signal);
  }

  async #remove(
    { resource, namespace, name }: GraphNode,
    live: KubernetesObject | undefined,
    propagationPolicy: NonNullable<DeleteOptions['propagationPolicy']>,
    signal: AbortSignal,
  ): Promise<void> {
    if (live === undefined) return;
    const { uid = '', resourceVersion = '' } = live.metadata;
    // The revision is the one whose owners were looked up: who has got a new owner since stays.
    const preconditions = { uid, resourceVersion };
    await this.#client
      .delete(resource, { namespace, name }, { propagationPolicy, preconditions, signal })
      .catch(ignoreNotFound);
  }

  /** Deletes the dependents of an owner that waits for them; without any that block, lets the owner go. */
  async #awaitDependents(node: GraphNode, signal: AbortSignal): Promise<void> {
    const blockers = this.#graph.blockersOf(node.uid);
    if (blockers.length === 0) return await this.#removeFinalizer(node, foregroundFinalizer, signal);
    for (const { uid, isForeground } of blockers) if (!isForeground) this.#controller.queue.add(uid);
  }

  async #orphanDependents(node: GraphNode, signal: AbortSignal): Promise<void> {
    const dependents = this.#graph.dependentsOf(node.uid);
    const results = await Promise.allSettled(
      dependents.map(async (dependent) => {
        const live = await this.#live(dependent, signal);
        const references = live?.metadata.ownerReferences ?? [];
        const kept = references.filter(({ uid }) => uid !== node.uid);
        if (live === undefined || kept.length === references.length) return;
        await this.#patchMetadata(dependent.resource, live, { ownerReferences: kept }, signal);
      }),
    );
    for (const result of results) if (result.status === 'rejected') throw result.reason;
    await this.#removeFinalizer(node, orphanFinalizer, signal);
  }

  async #removeFinalizer(node: GraphNode, finalizer: string, signal: AbortSignal): Promise<void> {
    const live = await this.#live(node, signal);
    const finalizers = live?.metadata.finalizers ?? [];
    if (live === undefined || !finalizers.includes(finalizer)) return;
    const kept = finalizers.filter((name) => name !== finalizer);
    await this.#patchMetadata(node.resource, live, { finalizers: kept }, signal);
  }

  /** Fails with Conflict when the object is no longer as it was read. */
  async #patchMetadata(
    resource: Resource<KubernetesObject>,
    live: KubernetesObject,
    change: {
      readonly ownerReferences?: readonly OwnerReference[] | undefined;
      readonly finalizers?: readonly string[];
    },
    signal: AbortSignal,
  ): Promise<void> {
    const { namespace, name = '', uid, resourceVersion } = live.metadata;
    const members = Object.entries(change).map(([key, list]) => [key, list?.length === 0 ? null : list]);
    const patch = { metadata: { uid, resourceVersion, ...Object.fromEntries(members) } as unknown };
    await this.#client.patch(resource, { namespace, name }, 'merge', patch, { signal }).catch(ignoreNotFound);
  }

  /** The object as the API has it now; undefined when it is gone or another has its name. */
  async #live(
    { resource, namespace, name, uid }: Pick<GraphNode, 'resource' | 'namespace' | 'name' | 'uid'>,
    signal: AbortSignal,
  ): Promise<KubernetesObject | undefined> {
    const live = await ifFound(this.#client.get(resource, { namespace, name }, { signal }));
    return live?.metadata.uid === uid ? live : undefined;
  }

  async #ownersOf(node: GraphNode, live: KubernetesObject, signal: AbortSignal): Promise<Owners> {
    const solid: OwnerReference[] = [];
    const absent: OwnerReference[] = [];
    const waiting: OwnerReference[] = [];
    for (const reference of live.metadata.ownerReferences ?? []) {
      const owner = await this.#owner(node, reference, signal);
      if (owner === undefined) absent.push(reference);
      else if (owner !== 'unreachable' && isForeground(owner)) waiting.push(reference);
      else solid.push(reference);
    }
    return { solid, absent, waiting };
  }

  /**
   * The owner, read live; undefined when it does not exist, which is never concluded from the graph. A namespaced
   * owner of something outside its namespace cannot exist where it is looked for; such a reference is an error of
   * whoever wrote it, and deletes nothing.
   */
  async #owner(
    node: GraphNode,
    reference: OwnerReference,
    signal: AbortSignal,
  ): Promise<KubernetesObject | 'unreachable' | undefined> {
    if (this.#ended.has(reference.uid)) return undefined;
    const { group, version } = parseApiVersion(reference.apiVersion);
    const declaration =
      this.#scheme.byKind(group, version, reference.kind) ??
      this.#scheme.all().find((other) => other.group === group && other.kind === reference.kind);
    if (declaration === undefined) {
      throw new Error(
        `Cannot look up the owner of ${node.resource.kind} "${node.name}": no kind "${reference.kind}" in "${reference.apiVersion}" is served`,
      );
    }
    if (declaration.namespaced && node.namespace === undefined) return 'unreachable';
    const namespace = declaration.namespaced ? node.namespace : undefined;
    const key = `${namespace ?? ''}/${reference.uid}`;
    if (this.#absent.has(key)) return undefined;
    const { uid, name } = reference;
    const live = await this.#live({ resource: resourceOf(declaration), namespace, name, uid }, signal);
    if (live === undefined) remember(this.#absent, key);
    return live;
  }
}

/** Uids are never used again, so what was absent once stays so. */
function remember(absent: Set<string>, key: string): void {
  absent.add(key);
  for (const oldest of absent) {
    if (absent.size <= maxAbsent) return;
    absent.delete(oldest);
  }
}

function policyOf({ metadata: { finalizers = [] } }: KubernetesObject) {
  if (finalizers.includes(orphanFinalizer)) return 'Orphan';
  return finalizers.includes(foregroundFinalizer) ? 'Foreground' : 'Background';
}

function isForeground({ metadata }: KubernetesObject): boolean {
  return (
    metadata.deletionTimestamp !== undefined && metadata.finalizers?.includes(foregroundFinalizer) === true
  );
}

function ignoreNotFound(error: unknown): undefined {
  if (isNotFound(error)) return undefined;
  throw error;
}
