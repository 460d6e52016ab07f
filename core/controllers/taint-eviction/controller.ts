import { isConflict, isNotFound } from '../../api/errors.ts';
import type { Node, Pod } from '../../api/generated/core-v1.ts';
import { nodes, pods } from '../../api/generated/resources.ts';
import { keyOf, parseKey } from '../../api/object.ts';
import type { Client } from '../../client/client.ts';
import { referenceTo, type EventRecorder } from '../../client/events.ts';
import type { Informer } from '../../client/informer.ts';
import type { Clock } from '../../machinery/clock.ts';
import { deepEqual } from '../../machinery/json.ts';
import { timestamp } from '../../machinery/timestamp.ts';
import { Controller, type Requeue } from '../runtime/controller.ts';
import type { ControllerDependencies } from '../runtime/dependencies.ts';
import { podsByNode } from '../runtime/pods-by-node.ts';
import { toleratedMs } from './toleration-time.ts';

/** Deletes Pods from nodes whose NoExecute taints they do not, or no longer, tolerate (upstream: tainteviction). */
export function createTaintEvictionController(dependencies: ControllerDependencies): Controller {
  return new TaintEviction(dependencies).controller;
}

class TaintEviction {
  readonly controller: Controller;
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #events: EventRecorder;
  readonly #nodes: Informer<Node>;
  readonly #pods: Informer<Pod>;
  /** Since when each Pod bears the taints, by uid, on our own monotonic clock. */
  readonly #since = new Map<string, number>();

  constructor({ client, clock, informers, eventsOf, onError }: ControllerDependencies) {
    this.#client = client;
    this.#clock = clock;
    this.#events = eventsOf('taint-eviction-controller');
    this.#nodes = informers.informer(nodes);
    this.#pods = informers.informer(pods);
    const onNode = podsByNode(informers);
    this.controller = new Controller({
      name: 'taint-eviction',
      clock,
      workers: 8,
      reconcile: (key, signal) => this.#reconcile(key, signal),
      onError,
    });
    const { queue } = this.controller;
    const enqueuePods = (node: Node) => {
      for (const key of onNode.keys(node.metadata.name ?? '')) queue.add(key);
    };
    this.#nodes.addHandler({
      onAdd: (node) => {
        if (isEvicting(node)) enqueuePods(node);
      },
      onUpdate: (node, previous) => {
        if (!deepEqual(node.spec.taints, previous.spec.taints)) enqueuePods(node);
      },
    });
    const enqueuePod = (pod: Pod) => {
      if (this.#evictingNodeOf(pod) !== undefined) queue.add(keyOf(pod));
    };
    this.#pods.addHandler({
      onAdd: enqueuePod,
      onUpdate: enqueuePod,
      onDelete: ({ metadata: { uid = '' } }) => this.#since.delete(uid),
    });
  }

  async #reconcile(key: string, signal: AbortSignal): Promise<Requeue | void> {
    const pod = this.#pods.lister.get(parseKey(key));
    if (pod === undefined || pod.metadata.deletionTimestamp !== undefined) return;
    const { uid = '' } = pod.metadata;
    const node = this.#evictingNodeOf(pod);
    const allowedMs =
      node === undefined ? Infinity : toleratedMs(node.spec.taints ?? [], pod.spec.tolerations);
    if (allowedMs === Infinity) return this.#cancel(pod);
    const nowMs = this.#clock.monotonicMs();
    const sinceMs = this.#since.get(uid) ?? nowMs;
    this.#since.set(uid, sinceMs);
    const leftMs = sinceMs + allowedMs - nowMs;
    if (leftMs > 0) return { requeueAfterMs: leftMs };
    await this.#evict(pod, signal);
  }

  #cancel(pod: Pod): void {
    if (!this.#since.delete(pod.metadata.uid ?? '')) return;
    this.#event(pod, `Cancelling deletion of Pod ${keyOf(pod)}`);
  }

  async #evict(pod: Pod, signal: AbortSignal): Promise<void> {
    const { namespace, name = '', uid = '' } = pod.metadata;
    this.#event(pod, `Marking for deletion Pod ${keyOf(pod)}`);
    try {
      await this.#markDisrupted(pod, signal);
      await this.#client.delete(pods, { namespace, name }, { preconditions: { uid }, signal });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    this.#since.delete(uid);
  }

  /** Tells a Job, say, that the Pod's end is not its own doing (KEP-3329). */
  async #markDisrupted(pod: Pod, signal: AbortSignal): Promise<void> {
    const others = (pod.status.conditions ?? []).filter(({ type }) => type !== 'DisruptionTarget');
    const condition = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'DeletionByTaintManager',
      message: 'Taint manager: deleting due to NoExecute taint',
      lastTransitionTime: timestamp(this.#clock.now()),
    };
    const status = { ...pod.status, conditions: [...others, condition] };
    try {
      await this.#client.updateStatus(pods, { ...pod, status }, { signal });
    } catch (error) {
      // Somebody else writes it meanwhile: the mark is a courtesy, the deletion is not.
      if (!isConflict(error)) throw error;
    }
  }

  #evictingNodeOf(pod: Pod): Node | undefined {
    const node = this.#nodes.lister.getByKey(pod.spec.nodeName ?? '');
    return node !== undefined && (isEvicting(node) || this.#since.has(pod.metadata.uid ?? ''))
      ? node
      : undefined;
  }

  #event(pod: Pod, message: string): void {
    this.#events.event(referenceTo(pods, pod), 'Normal', 'TaintManagerEviction', message);
  }
}

function isEvicting({ spec }: Node): boolean {
  return spec.taints?.some(({ effect }) => effect === 'NoExecute') ?? false;
}
