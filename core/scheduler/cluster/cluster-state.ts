import type { Node } from '../../api/generated/core-v1.ts';
import { deepEqual } from '../../machinery/json.ts';
import { imageSizes } from './images.ts';
import { NodeTable } from './node-table.ts';
import type { PodFacts } from './pod-facts.ts';
import { Topology } from './topology.ts';

/** Told of every Pod that comes to or leaves a node, and of nodes that change, to keep counters up to date. */
export interface ClusterObserver {
  podMoved(slot: number, facts: PodFacts, sign: 1 | -1): void;
  nodeChanged(slot: number): void;
  namespaceChanged?(): void;
}

/** The nodes and the Pods on them as plug-ins see them. */
export interface ClusterView {
  readonly nodes: NodeTable;
  /** Pods on the node, assumed ones included. */
  podsAt(slot: number): Iterable<PodFacts>;
  /** Pods with affinity or anti-affinity of their own, by slot. */
  mindedPodsAt(slot: number): Iterable<PodFacts>;
  /** How many Pods on nodes have affinity or anti-affinity of their own. */
  readonly mindedPods: number;
  /** Whether a Pod on the node uses one of these ports. */
  hasPortConflict(slot: number, facts: PodFacts): boolean;
  /** The nodes by a label; kept up to date from the first time somebody asks. */
  topologyOf(key: string): Topology;
  /** How many nodes have the image. */
  nodesWithImage(image: string): number;
  /** The labels of a namespace; none while it is not known. */
  labelsOfNamespace(name: string): Readonly<Record<string, string>>;
  observe(observer: ClusterObserver): () => void;
}

/** A node without some of its Pods, in thought. Disposing puts back what is still taken. */
export interface WithoutPods extends Disposable {
  putBack(facts: PodFacts): void;
  take(facts: PodFacts): void;
}

interface Placed {
  readonly facts: PodFacts;
  readonly slot: number;
  readonly assumed: boolean;
}

/**
 * What the scheduler believes about the cluster: what its informers told it, and on top the Pods it has placed
 * itself and not yet seen bound (upstream: backend/cache).
 */
export class ClusterState implements ClusterView {
  readonly nodes = new NodeTable();
  readonly #placed = new Map<string, Placed>();
  readonly #bySlot: Map<string, PodFacts>[] = [];
  readonly #minded: Map<string, PodFacts>[] = [];
  readonly #ports = new Map<number, PodFacts[]>();
  readonly #observers = new Set<ClusterObserver>();
  readonly #topologies = new Map<string, Topology>();
  readonly #images = new Map<string, number>();
  readonly #namespaces = new Map<string, Readonly<Record<string, string>>>();
  readonly #priorities = new Map<number, number>();
  #mindedPods = 0;

  get mindedPods(): number {
    return this.#mindedPods;
  }

  /** Of the Pods on nodes; Infinity when there are none. */
  get lowestPriority(): number {
    return Math.min(Infinity, ...this.#priorities.keys());
  }

  podsAt(slot: number): Iterable<PodFacts> {
    return this.#bySlot[slot]?.values() ?? [];
  }

  mindedPodsAt(slot: number): Iterable<PodFacts> {
    return this.#minded[slot]?.values() ?? [];
  }

  hasPortConflict(slot: number, facts: PodFacts): boolean {
    const users = this.#ports.get(slot);
    if (users === undefined) return false;
    return facts.shape.hostPorts.some((port) =>
      users.some(({ shape }) =>
        shape.hostPorts.some(
          (used) =>
            used.hostPort === port.hostPort &&
            used.protocol === port.protocol &&
            (used.hostIP === port.hostIP || used.hostIP === '0.0.0.0' || port.hostIP === '0.0.0.0'),
        ),
      ),
    );
  }

  observe(observer: ClusterObserver): () => void {
    this.#observers.add(observer);
    return () => this.#observers.delete(observer);
  }

  topologyOf(key: string): Topology {
    const known = this.#topologies.get(key);
    if (known !== undefined) return known;
    const topology = new Topology(key);
    for (let slot = 0; slot < this.nodes.slotCount; slot++) topology.set(slot, this.nodes.nodeAt(slot));
    this.#topologies.set(key, topology);
    return topology;
  }

  nodesWithImage(image: string): number {
    return this.#images.get(image) ?? 0;
  }

  labelsOfNamespace(name: string): Readonly<Record<string, string>> {
    return this.#namespaces.get(name) ?? {};
  }

  /** What selects namespaces by their labels is counted anew. */
  setNamespace(name: string, labels: Readonly<Record<string, string>> | undefined): void {
    if (labels === undefined) this.#namespaces.delete(name);
    else if (deepEqual(this.#namespaces.get(name), labels)) return;
    else this.#namespaces.set(name, labels);
    for (const observer of this.#observers) observer.namespaceChanged?.();
  }

  /** Returns false when nothing changed that scheduling depends on: a heartbeat, say. */
  setNode(node: Node): boolean {
    const slot = this.nodes.reserveSlot(node.metadata.name ?? '');
    const previous = this.nodes.nodeAt(slot);
    if (previous !== undefined && isSame(previous, node)) return false;
    this.#setNode(slot, node);
    return true;
  }

  removeNode(name: string): void {
    const slot = this.nodes.slotOf(name);
    if (slot === undefined) return;
    this.#setNode(slot, undefined);
    this.#releaseIfEmpty(slot);
  }

  /** A Pod that is bound, as the API tells. Confirms an assumed one, wherever it was assumed to go. */
  setPod(facts: PodFacts, nodeName: string): void {
    const known = this.#placed.get(facts.uid);
    const slot = this.nodes.reserveSlot(nodeName);
    if (known !== undefined && known.slot === slot && isEquivalent(known.facts, facts)) {
      // Nothing that counts has changed; the newer object takes the place of the older.
      this.#replace(facts, slot);
      return;
    }
    if (known !== undefined) this.#take(known);
    this.#put({ facts, slot, assumed: false });
  }

  removePod(uid: string): PodFacts | undefined {
    const known = this.#placed.get(uid);
    if (known === undefined) return undefined;
    this.#take(known);
    return known.facts;
  }

  /** Counts the Pod as on the node before that is known to the API. */
  assume(facts: PodFacts, slot: number): void {
    this.#put({ facts, slot, assumed: true });
  }

  /** Takes an assumption back, unless it has come true. */
  forget(uid: string): void {
    const known = this.#placed.get(uid);
    if (known?.assumed === true) this.#take(known);
  }

  isPlaced(uid: string): boolean {
    return this.#placed.has(uid);
  }

  /** Takes Pods off a node, to be put back before anything else happens. */
  withoutPods(slot: number, pods: readonly PodFacts[]): WithoutPods {
    const taken = new Set<PodFacts>();
    const take = (facts: PodFacts) => {
      taken.add(facts);
      this.#weigh(facts, slot, -1);
    };
    const putBack = (facts: PodFacts) => {
      if (taken.delete(facts)) this.#weigh(facts, slot, 1);
    };
    for (const facts of pods) take(facts);
    return {
      take,
      putBack,
      [Symbol.dispose]() {
        for (const facts of taken) putBack(facts);
      },
    };
  }

  #setNode(slot: number, node: Node | undefined): void {
    this.#countImages(this.nodes.nodeAt(slot), -1);
    this.#countImages(node, 1);
    this.nodes.setNode(slot, node);
    for (const topology of this.#topologies.values()) topology.set(slot, node);
    for (const observer of this.#observers) observer.nodeChanged(slot);
  }

  #countImages(node: Node | undefined, sign: 1 | -1): void {
    for (const image of imageSizes(node).keys()) {
      const count = (this.#images.get(image) ?? 0) + sign;
      if (count === 0) this.#images.delete(image);
      else this.#images.set(image, count);
    }
  }

  #put(placed: Placed): void {
    this.#placed.set(placed.facts.uid, placed);
    this.#weigh(placed.facts, placed.slot, 1);
  }

  #take({ facts, slot }: Placed): void {
    this.#placed.delete(facts.uid);
    this.#weigh(facts, slot, -1);
    this.#releaseIfEmpty(slot);
  }

  /** Everything that depends on which Pods are on a node. */
  #weigh(facts: PodFacts, slot: number, sign: 1 | -1): void {
    if (sign === 1) this.#add(facts, slot);
    else this.#subtract(facts, slot);
    const count = (this.#priorities.get(facts.priority) ?? 0) + sign;
    if (count === 0) this.#priorities.delete(facts.priority);
    else this.#priorities.set(facts.priority, count);
    this.nodes.charge(slot, facts.shape.requests, sign);
    for (const observer of this.#observers) observer.podMoved(slot, facts, sign);
  }

  #add(facts: PodFacts, slot: number): void {
    const pods = (this.#bySlot[slot] ??= new Map<string, PodFacts>());
    pods.set(facts.uid, facts);
    if (facts.shape.isMinded) {
      const minded = (this.#minded[slot] ??= new Map<string, PodFacts>());
      minded.set(facts.uid, facts);
      this.#mindedPods++;
    }
    if (facts.shape.hostPorts.length > 0) {
      this.#ports.set(slot, [...(this.#ports.get(slot) ?? []), facts]);
    }
  }

  #subtract(facts: PodFacts, slot: number): void {
    this.#bySlot[slot]?.delete(facts.uid);
    if (this.#minded[slot]?.delete(facts.uid) === true) this.#mindedPods--;
    if (facts.shape.hostPorts.length > 0) {
      const others = (this.#ports.get(slot) ?? []).filter(({ uid }) => uid !== facts.uid);
      if (others.length === 0) this.#ports.delete(slot);
      else this.#ports.set(slot, others);
    }
  }

  #replace(facts: PodFacts, slot: number): void {
    this.#placed.set(facts.uid, { facts, slot, assumed: false });
    this.#bySlot[slot]?.set(facts.uid, facts);
    if (facts.shape.isMinded) this.#minded[slot]?.set(facts.uid, facts);
  }

  #releaseIfEmpty(slot: number): void {
    if (this.nodes.nodeAt(slot) === undefined && (this.#bySlot[slot]?.size ?? 0) === 0) {
      this.nodes.releaseSlot(slot);
    }
  }
}

/** Whether two states of a Pod weigh the same: shape, labels, and whether it is on its way out. */
function isEquivalent(a: PodFacts, b: PodFacts): boolean {
  return (
    a.shape === b.shape &&
    a.priority === b.priority &&
    a.isTerminating === b.isTerminating &&
    (a.labels === b.labels || deepEqual(a.labels, b.labels))
  );
}

function isSame(a: Node, b: Node): boolean {
  return (
    deepEqual(a.metadata.labels, b.metadata.labels) &&
    deepEqual(a.spec, b.spec) &&
    deepEqual(a.status.allocatable, b.status.allocatable) &&
    deepEqual(a.status.images, b.status.images)
  );
}
