import { isConflict, isNotFound } from '../../api/errors.ts';
import type { Node, Pod } from '../../api/generated/core-v1.ts';
import { nodes, pods } from '../../api/generated/resources.ts';
import { keyOf, parseKey } from '../../api/object.ts';
import type { Client } from '../../client/client.ts';
import type { Informer } from '../../client/informer.ts';
import type { Index } from '../../client/lister.ts';
import type { Clock } from '../../machinery/clock.ts';
import { timestamp } from '../../machinery/timestamp.ts';
import { Controller } from '../runtime/controller.ts';
import type { ControllerDependencies } from '../runtime/dependencies.ts';
import { isTerminal } from '../runtime/pods.ts';
import { podsByNode } from '../runtime/pods-by-node.ts';

/** Finished Pods kept for people to look at (upstream: --terminated-pod-gc-threshold). */
const defaultThreshold = 12_500;

/** A node must be missing this long before its Pods are given up: it may only be registering anew. */
const quarantineMs = 40_000;

const finished = 'finished';

/**
 * Removes Pods that nobody else will: finished ones beyond a number, those of nodes that no longer exist, and those
 * deleted before they had a node (upstream: pkg/controller/podgc).
 */
export function createPodGarbageController(
  dependencies: ControllerDependencies,
  threshold = defaultThreshold,
): Controller {
  return new PodGarbage(dependencies, threshold).controller;
}

class PodGarbage {
  readonly controller: Controller;
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #threshold: number;
  readonly #nodes: Informer<Node>;
  readonly #pods: Informer<Pod>;
  readonly #onNode: Index<Pod>;
  readonly #finished: Index<Pod>;

  constructor({ client, clock, informers, onError }: ControllerDependencies, threshold: number) {
    this.#client = client;
    this.#clock = clock;
    this.#threshold = threshold;
    this.#nodes = informers.informer(nodes);
    this.#pods = informers.informer(pods);
    this.#onNode = podsByNode(informers);
    this.#finished = this.#pods.index(finished, (pod) => (isTerminal(pod) ? [finished] : []));
    this.controller = new Controller({
      name: 'pod-garbage',
      clock,
      workers: 4,
      reconcile: (key, signal) => this.#reconcile(key, signal),
      onError,
    });
    this.#nodes.addHandler({ onDelete: ({ metadata }) => this.#nodeMissing(metadata.name ?? '') });
    this.#pods.addHandler({
      onAdd: (pod) => this.#podSeen(pod),
      onUpdate: (pod) => this.#podSeen(pod),
    });
  }

  /** Keys are "finished", "node:NAME" and "pod:NAMESPACE/NAME". */
  async #reconcile(key: string, signal: AbortSignal): Promise<void> {
    if (key === finished) return await this.#removeFinished(signal);
    const name = key.slice(key.indexOf(':') + 1);
    if (key.startsWith('node:')) return await this.#removeOrphans(name, signal);
    const pod = this.#pods.lister.get(parseKey(name));
    if (pod !== undefined && isUnscheduledTerminating(pod)) await this.#remove(pod, signal);
  }

  #podSeen(pod: Pod): void {
    const { queue } = this.controller;
    if (isTerminal(pod) && this.#finished.count(finished) > this.#threshold) queue.add(finished);
    if (isUnscheduledTerminating(pod)) queue.add(`pod:${keyOf(pod)}`);
    const { nodeName } = pod.spec;
    if (nodeName && !this.#nodes.lister.has(nodeName)) this.#nodeMissing(nodeName);
  }

  #nodeMissing(name: string): void {
    this.controller.queue.addAfter(`node:${name}`, quarantineMs);
  }

  async #removeFinished(signal: AbortSignal): Promise<void> {
    const all = this.#finished
      .get(finished)
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    const surplus = all.length - this.#threshold;
    if (surplus <= 0) return;
    // Evicted Pods first: there is nothing to be learned from them; then the oldest.
    const order = [...all].sort(
      (a, b) =>
        Number(b.status.reason === 'Evicted') - Number(a.status.reason === 'Evicted') ||
        Date.parse(a.metadata.creationTimestamp ?? '') - Date.parse(b.metadata.creationTimestamp ?? ''),
    );
    for (const pod of order.slice(0, surplus)) await this.#remove(pod, signal);
  }

  async #removeOrphans(name: string, signal: AbortSignal): Promise<void> {
    const orphans = this.#onNode.get(name);
    if (orphans.length === 0 || (await this.#exists(name, signal))) return;
    for (const pod of orphans) {
      if (!isTerminal(pod)) await this.#markFailed(pod, signal);
      await this.#remove(pod, signal);
    }
  }

  /** Asked of the API: a cache that is behind must not cost anybody his Pods. */
  async #exists(name: string, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#client.get(nodes, { name }, { signal });
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }

  async #markFailed(pod: Pod, signal: AbortSignal): Promise<void> {
    const others = (pod.status.conditions ?? []).filter(({ type }) => type !== 'DisruptionTarget');
    const condition = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'DeletionByPodGC',
      message: 'PodGC: node no longer exists',
      lastTransitionTime: timestamp(this.#clock.now()),
    };
    const status = { ...pod.status, phase: 'Failed', conditions: [...others, condition] } as const;
    try {
      await this.#client.updateStatus(pods, { ...pod, status }, { signal });
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }

  /** At once: there is no agent that would confirm it. */
  async #remove({ metadata: { namespace, name = '', uid = '' } }: Pod, signal: AbortSignal): Promise<void> {
    try {
      const options = { gracePeriodSeconds: 0, preconditions: { uid }, signal };
      await this.#client.delete(pods, { namespace, name }, options);
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }
}

function isUnscheduledTerminating({ spec, metadata }: Pod): boolean {
  return metadata.deletionTimestamp !== undefined && !spec.nodeName;
}
