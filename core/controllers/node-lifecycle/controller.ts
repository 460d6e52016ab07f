import { isConflict, isNotFound } from '../../api/errors.ts';
import type { Lease } from '../../api/generated/coordination-v1.ts';
import type { Node, Pod } from '../../api/generated/core-v1.ts';
import { leases, nodes, pods } from '../../api/generated/resources.ts';
import type { Client } from '../../client/client.ts';
import { referenceTo, type EventRecorder } from '../../client/events.ts';
import type { Informer } from '../../client/informer.ts';
import type { Index } from '../../client/lister.ts';
import type { Clock } from '../../machinery/clock.ts';
import { Controller, type Requeue } from '../runtime/controller.ts';
import type { ControllerDependencies } from '../runtime/dependencies.ts';
import { podsByNode } from '../runtime/pods-by-node.ts';
import { Heartbeats } from './heartbeats.ts';
import { notReadyStatus, unknownStatus } from './lost-node.ts';
import { desiredTaints, isMarkedForEviction, readinessOf } from './node-taints.ts';
import { Zones } from './zones.ts';

const leaseNamespace = 'kube-node-lease';

/** A silence this long and nothing is known of the node any more (upstream: --node-monitor-grace-period). */
const graceMs = 40_000;
/** The same for a node that has never reported. */
const startupGraceMs = 60_000;
/** Nodes whose turn never comes while things are as they are, are looked at again after this long. */
const stalledMs = 5_000;

/**
 * Watches over nodes by their Leases: declares lost who is silent, taints nodes by their conditions, and marks lost
 * ones for eviction at the pace of their zone (upstream: pkg/controller/nodelifecycle).
 */
export function createNodeLifecycleController(dependencies: ControllerDependencies): Controller {
  return new NodeLifecycle(dependencies).controller;
}

class NodeLifecycle {
  readonly controller: Controller;
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #events: EventRecorder;
  readonly #nodes: Informer<Node>;
  readonly #pods: Index<Pod>;
  readonly #heartbeats: Heartbeats;
  readonly #zones = new Zones();
  #wasAllDisrupted = false;

  constructor({ client, clock, informers, eventsOf, onError }: ControllerDependencies) {
    this.#client = client;
    this.#clock = clock;
    this.#events = eventsOf('node-controller');
    this.#nodes = informers.informer(nodes);
    this.#pods = podsByNode(informers);
    this.#heartbeats = new Heartbeats(clock);
    this.controller = new Controller({
      name: 'node-lifecycle',
      clock,
      workers: 8,
      reconcile: (name, signal) => this.#reconcile(name, signal),
      onError,
    });
    this.#nodes.addHandler({
      onAdd: (node) => this.#nodeSeen(node),
      onUpdate: (node) => this.#nodeSeen(node),
      onDelete: ({ metadata: { name = '' } }) => {
        this.#zones.delete(name);
        this.#heartbeats.forget(name);
      },
    });
    informers.informer(leases, { namespace: leaseNamespace }).addHandler({
      onAdd: (lease) => this.#leaseSeen(lease),
      onUpdate: (lease) => this.#leaseSeen(lease),
    });
  }

  #nodeSeen(node: Node): void {
    this.#heartbeats.nodeSeen(node);
    this.#zones.set(node);
    this.controller.queue.add(node.metadata.name ?? '');
  }

  #leaseSeen(lease: Lease): void {
    this.#heartbeats.leaseSeen(lease);
  }

  async #reconcile(name: string, signal: AbortSignal): Promise<Requeue | void> {
    const known = this.#nodes.lister.getByKey(name);
    if (known === undefined) return;
    this.#noticeRecovery();
    const { node, silentInMs } = await this.#checkSilence(known, signal);
    if (readinessOf(node) !== 'True') await this.#markPodsNotReady(name, signal);
    const retryInMs = await this.#taint(node, signal);
    return { requeueAfterMs: Math.min(silentInMs, retryInMs) };
  }

  /** When nobody could be heard and now somebody can, everybody gets the whole of the grace again. */
  #noticeRecovery(): void {
    const { allDisrupted } = this.#zones;
    if (this.#wasAllDisrupted && !allDisrupted) this.#heartbeats.restartAll();
    this.#wasAllDisrupted = allDisrupted;
  }

  async #checkSilence(
    node: Node,
    signal: AbortSignal,
  ): Promise<{ readonly node: Node; readonly silentInMs: number }> {
    const { name = '' } = node.metadata;
    const hasReported = node.status.conditions?.some(({ type }) => type === 'Ready') === true;
    const leftMs = (hasReported ? graceMs : startupGraceMs) - this.#heartbeats.silenceMs(name);
    if (leftMs > 0) return { node, silentInMs: leftMs };
    const status = unknownStatus(node, this.#clock.now());
    if (status === undefined) return { node, silentInMs: graceMs };
    const lost = await this.#client.updateStatus(nodes, { ...node, status }, { signal });
    this.#zones.set(lost);
    this.#events.event(
      referenceTo(nodes, lost),
      'Normal',
      'NodeNotReady',
      `Node ${name} status is now: NodeNotReady`,
    );
    return { node: lost, silentInMs: graceMs };
  }

  async #markPodsNotReady(name: string, signal: AbortSignal): Promise<void> {
    for (const pod of this.#pods.get(name)) {
      const status = notReadyStatus(pod, this.#clock.now());
      if (status === undefined) continue;
      try {
        await this.#client.updateStatus(pods, { ...pod, status }, { signal });
        this.#events.event(referenceTo(pods, pod), 'Warning', 'NodeNotReady', 'Node is not ready');
      } catch (error) {
        // Somebody still writes it, or it is gone: the next look sees which.
        if (!isNotFound(error) && !isConflict(error)) throw error;
        if (isConflict(error)) this.controller.queue.addRateLimited(name);
      }
    }
  }

  /** Resolves to the milliseconds after which to try again to mark the node. */
  async #taint(node: Node, signal: AbortSignal): Promise<number> {
    const { name = '' } = node.metadata;
    const { evict, retryInMs } = this.#mayEvict(node);
    const taints = desiredTaints(node, evict, this.#clock.now());
    if (taints === node.spec.taints || (taints.length === 0 && node.spec.taints === undefined))
      return retryInMs;
    const { uid, resourceVersion } = node.metadata;
    const patch = {
      metadata: { uid, resourceVersion },
      spec: { taints: taints.length === 0 ? null : taints },
    };
    try {
      await this.#client.patch(nodes, { name }, 'merge', patch, { signal });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    return retryInMs;
  }

  #mayEvict(node: Node): { readonly evict: boolean | 'keep'; readonly retryInMs: number } {
    if (readinessOf(node) === 'True') return { evict: false, retryInMs: Infinity };
    // With nobody left to take the Pods, they are better off where they are.
    if (this.#zones.allDisrupted) return { evict: false, retryInMs: stalledMs };
    if (isMarkedForEviction(node)) return { evict: 'keep', retryInMs: Infinity };
    const waitMs = this.#zones.takeTurn(node.metadata.name ?? '', this.#clock.monotonicMs());
    if (waitMs === 0) return { evict: true, retryInMs: Infinity };
    return { evict: 'keep', retryInMs: waitMs ?? stalledMs };
  }
}
