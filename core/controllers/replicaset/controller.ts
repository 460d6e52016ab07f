import { isNotFound, StatusError } from '../../api/errors.ts';
import type { ReplicaSet } from '../../api/generated/apps-v1.ts';
import type { Pod } from '../../api/generated/core-v1.ts';
import { pods, replicasets } from '../../api/generated/resources.ts';
import { keyOf, parseKey } from '../../api/object.ts';
import type { Client } from '../../client/client.ts';
import { referenceTo, type EventRecorder } from '../../client/events.ts';
import type { Informer } from '../../client/informer.ts';
import type { Index } from '../../client/lister.ts';
import type { Clock } from '../../machinery/clock.ts';
import { deepEqual } from '../../machinery/json.ts';
import { selectorFromObject } from '../../machinery/label-selector.ts';
import type { Random } from '../../machinery/random.ts';
import { claimChildren, refersTo } from '../runtime/claim.ts';
import { Controller, type Requeue } from '../runtime/controller.ts';
import { createChild } from '../runtime/create-child.ts';
import type { ControllerDependencies } from '../runtime/dependencies.ts';
import { Expectations } from '../runtime/expectations.ts';
import { controllerOf, controllerReference } from '../runtime/owner-references.ts';
import { availableInMs, isActive, isReady, isTerminal, podFromTemplate } from '../runtime/pods.ts';
import { slowStart } from '../runtime/slow-start.ts';
import { podsToDelete } from './deletion-order.ts';
import { nextAvailabilityMs, replicaSetStatus, type ReplicaFailure } from './status.ts';

/** Creates or deletes of one reconcile; the rest follows when these were seen (upstream: BurstReplicas). */
const burst = 500;

/** Keeps each ReplicaSet's number of Pods (upstream: pkg/controller/replicaset). */
export function createReplicaSetController(dependencies: ControllerDependencies): Controller {
  return new ReplicaSets(dependencies).controller;
}

class ReplicaSets {
  readonly controller: Controller;
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #events: EventRecorder;
  readonly #sets: Informer<ReplicaSet>;
  readonly #pods: Informer<Pod>;
  readonly #orphans: Index<Pod>;
  readonly #expectations: Expectations;

  constructor({ client, clock, random, informers, eventsOf, onError }: ControllerDependencies) {
    this.#client = client;
    this.#clock = clock;
    this.#random = random;
    this.#events = eventsOf('replicaset-controller');
    this.#sets = informers.informer(replicasets);
    this.#pods = informers.informer(pods);
    this.#sets.indexBy('namespace', 'owner');
    this.#pods.indexBy('owner');
    // Pods without a controller, by namespace.
    this.#orphans = this.#pods.index('orphan', (pod) =>
      controllerOf(pod) === undefined ? [pod.metadata.namespace ?? ''] : [],
    );
    this.#expectations = new Expectations(clock);
    this.controller = new Controller({
      name: 'replicaset',
      clock,
      reconcile: (key, signal) => this.#reconcile(key, signal),
      onError,
    });
    this.#sets.addHandler({
      onAdd: (set) => this.controller.queue.add(keyOf(set)),
      onUpdate: (set) => this.controller.queue.add(keyOf(set)),
      onDelete: (set) => {
        this.#expectations.forget(keyOf(set));
        this.controller.queue.add(keyOf(set));
      },
    });
    this.#pods.addHandler({
      onAdd: (pod) => this.#podAdded(pod),
      onUpdate: (pod, previous) => this.#podUpdated(pod, previous),
      onDelete: (pod) => this.#podDeleted(pod),
    });
  }

  async #reconcile(key: string, signal: AbortSignal): Promise<Requeue | void> {
    const set = this.#sets.lister.get(parseKey(key));
    if (set === undefined) return this.#expectations.forget(key);
    // Asked before the Pods are listed: what comes between the two can only make the list newer.
    const mayAct = this.#expectations.areSatisfied(key) && set.metadata.deletionTimestamp === undefined;
    const claimed = await this.#claim(set, signal);
    const active = claimed.filter(isActive);
    const terminating = claimed.filter(
      (pod) => !isTerminal(pod) && pod.metadata.deletionTimestamp !== undefined,
    );
    const { failure, error } = mayAct ? await this.#manage(key, set, active, signal) : succeeded;
    const nowMs = this.#clock.now();
    const observed = { active, terminating: terminating.length, failure, tried: mayAct };
    const status = replicaSetStatus(set, observed, nowMs);
    if (!deepEqual(status, set.status)) {
      await this.#client.updateStatus(replicasets, { ...set, status }, { signal });
    }
    if (error !== undefined) throw error;
    const requeueAfterMs = nextAvailabilityMs(set, active, nowMs);
    return requeueAfterMs === undefined ? undefined : { requeueAfterMs };
  }

  async #claim(set: ReplicaSet, signal: AbortSignal): Promise<readonly Pod[]> {
    const { namespace = '', uid = '' } = set.metadata;
    const selector = selectorFromObject(set.spec.selector);
    const owned = this.#pods.lister.byOwner(uid);
    const orphans = this.#orphans.get(namespace, selector);
    return await claimChildren({
      client: this.#client,
      ownerResource: replicasets,
      owner: set,
      selector,
      childResource: pods,
      candidates: orphans.length === 0 ? owned : [...owned, ...orphans.filter(isActive)],
      signal,
    });
  }

  /** Makes or removes Pods. What it did is expected before it is done: events may overtake replies. */
  async #manage(key: string, set: ReplicaSet, active: readonly Pod[], signal: AbortSignal): Promise<Managed> {
    const missing = (set.spec.replicas ?? 1) - active.length;
    if (missing > 0) return await this.#create(key, set, Math.min(missing, burst), signal);
    if (missing < 0) return await this.#delete(key, set, active, Math.min(-missing, burst), signal);
    return succeeded;
  }

  async #create(key: string, set: ReplicaSet, count: number, signal: AbortSignal): Promise<Managed> {
    const { namespace = '', name = '' } = set.metadata;
    const reference = controllerReference(replicasets, set);
    const planned = podFromTemplate(set.spec.template ?? {}, { namespace, name }, reference);
    this.#expectations.expectCreations(key, count);
    const { attempted, error } = await slowStart(count, async () => {
      try {
        const pod = await createChild(this.#client, pods, planned, this.#random, signal);
        this.#event(set, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`);
      } catch (error) {
        this.#expectations.creationObserved(key);
        // Nothing can be made in a namespace that goes; it takes the ReplicaSet with it.
        if (isTerminatingNamespace(error)) return;
        if (!signal.aborted)
          this.#event(set, 'Warning', 'FailedCreate', `Error creating: ${messageOf(error)}`);
        throw error;
      }
    });
    if (error === undefined) return succeeded;
    this.#expectations.creationObserved(key, count - attempted);
    return { failure: { reason: 'FailedCreate', message: messageOf(error) }, error };
  }

  async #delete(
    key: string,
    set: ReplicaSet,
    active: readonly Pod[],
    count: number,
    signal: AbortSignal,
  ): Promise<Managed> {
    const chosen = podsToDelete(active, this.#related(set), count, this.#clock.now());
    this.#expectations.expectDeletions(
      key,
      chosen.map(({ metadata }) => metadata.uid ?? ''),
    );
    const results = await Promise.allSettled(
      chosen.map(async ({ metadata: { namespace, name = '', uid = '' } }) => {
        try {
          await this.#client.delete(pods, { namespace, name }, { preconditions: { uid }, signal });
          this.#event(set, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`);
        } catch (error) {
          this.#expectations.deletionObserved(key, uid);
          if (isNotFound(error)) return;
          if (!signal.aborted) {
            this.#event(set, 'Warning', 'FailedDelete', `Error deleting: ${messageOf(error)}`);
          }
          throw error;
        }
      }),
    );
    const failed = results.find((result) => result.status === 'rejected');
    if (failed === undefined) return succeeded;
    const error = failed.reason as unknown;
    return { failure: { reason: 'FailedDelete', message: messageOf(error) }, error };
  }

  /** All Pods of the sets of one Deployment: two of different revisions on one node are doubled up, too. */
  #related(set: ReplicaSet): readonly Pod[] {
    const owner = controllerOf(set);
    const siblings =
      owner === undefined
        ? [set]
        : this.#sets.lister.byOwner(owner.uid).filter((other) => controllerOf(other)?.uid === owner.uid);
    return siblings.flatMap(({ metadata }) => this.#pods.lister.byOwner(metadata.uid ?? ''));
  }

  #podAdded(pod: Pod): void {
    // After a restart a Pod may first be seen when it is terminating already.
    if (pod.metadata.deletionTimestamp !== undefined) return this.#podDeleted(pod);
    const owner = this.#ownerOf(pod);
    if (owner !== undefined) {
      this.#expectations.creationObserved(keyOf(owner));
      this.controller.queue.add(keyOf(owner));
    } else if (controllerOf(pod) === undefined) this.#enqueueAdopters(pod);
  }

  #podUpdated(pod: Pod, previous: Pod): void {
    const { queue } = this.controller;
    const moved = controllerOf(previous)?.uid !== controllerOf(pod)?.uid;
    const before = moved ? this.#ownerOf(previous) : undefined;
    if (before !== undefined) queue.add(keyOf(before));
    // From its deletion on a Pod is no replica any more: its successor does not wait for it to end.
    if (pod.metadata.deletionTimestamp !== undefined) return this.#podDeleted(pod);
    const owner = this.#ownerOf(pod);
    if (owner !== undefined) {
      queue.add(keyOf(owner));
      const { minReadySeconds = 0 } = owner.spec;
      if (minReadySeconds > 0 && isReady(pod) && !isReady(previous)) {
        queue.addAfter(keyOf(owner), availableInMs(pod, minReadySeconds, this.#clock.now()) ?? 0);
      }
    } else if (controllerOf(pod) === undefined) this.#enqueueAdopters(pod);
  }

  #podDeleted(pod: Pod): void {
    const owner = this.#ownerOf(pod);
    if (owner === undefined) return;
    this.#expectations.deletionObserved(keyOf(owner), pod.metadata.uid ?? '');
    this.controller.queue.add(keyOf(owner));
  }

  #ownerOf(pod: Pod): ReplicaSet | undefined {
    const reference = controllerOf(pod);
    if (!refersTo(reference, replicasets)) return undefined;
    const { namespace } = pod.metadata;
    const owner = this.#sets.lister.get({ namespace, name: reference.name });
    return owner?.metadata.uid === reference.uid ? owner : undefined;
  }

  #enqueueAdopters(pod: Pod): void {
    for (const set of this.#sets.lister.list(pod.metadata.namespace ?? '')) {
      if (selectorFromObject(set.spec.selector).matches(pod.metadata.labels)) {
        this.controller.queue.add(keyOf(set));
      }
    }
  }

  #event(set: ReplicaSet, type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#events.event(referenceTo(replicasets, set), type, reason, message);
  }
}

interface Managed {
  readonly failure: ReplicaFailure | undefined;
  readonly error: unknown;
}

const succeeded: Managed = { failure: undefined, error: undefined };

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function isTerminatingNamespace(error: unknown): boolean {
  return (
    error instanceof StatusError &&
    error.status.details?.causes?.some(({ reason }) => reason === 'NamespaceTerminating') === true
  );
}
