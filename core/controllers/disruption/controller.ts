import type { Deployment, ReplicaSet, StatefulSet } from '../../api/generated/apps-v1.ts';
import type { Pod, ReplicationController } from '../../api/generated/core-v1.ts';
import type { PodDisruptionBudget } from '../../api/generated/policy-v1.ts';
import {
  deployments,
  poddisruptionbudgets,
  pods,
  replicasets,
  replicationcontrollers,
  statefulsets,
} from '../../api/generated/resources.ts';
import { keyOf, parseKey } from '../../api/object.ts';
import type { Client } from '../../client/client.ts';
import type { Informer } from '../../client/informer.ts';
import type { Clock } from '../../machinery/clock.ts';
import { deepEqual } from '../../machinery/json.ts';
import { selectorFromObject } from '../../machinery/label-selector.ts';
import { Controller, type Requeue } from '../runtime/controller.ts';
import type { ControllerDependencies } from '../runtime/dependencies.ts';
import { controllerOf } from '../runtime/owner-references.ts';
import { budgetStatus, counts, expectedOf } from './budget.ts';

/** Counts what the budgets allow to be evicted (upstream: pkg/controller/disruption). */
export function createDisruptionController(dependencies: ControllerDependencies): Controller {
  return new Disruptions(dependencies).controller;
}

class Disruptions {
  readonly controller: Controller;
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #budgets: Informer<PodDisruptionBudget>;
  readonly #pods: Informer<Pod>;
  readonly #deployments: Informer<Deployment>;
  readonly #replicaSets: Informer<ReplicaSet>;
  readonly #statefulSets: Informer<StatefulSet>;
  readonly #replicationControllers: Informer<ReplicationController>;

  constructor({ client, clock, informers, onError }: ControllerDependencies) {
    this.#client = client;
    this.#clock = clock;
    this.#budgets = informers.informer(poddisruptionbudgets);
    this.#pods = informers.informer(pods);
    this.#budgets.indexBy('namespace');
    this.#pods.indexBy('namespace');
    this.#deployments = informers.informer(deployments);
    this.#replicaSets = informers.informer(replicasets);
    this.#statefulSets = informers.informer(statefulsets);
    this.#replicationControllers = informers.informer(replicationcontrollers);
    this.controller = new Controller({
      name: 'disruption',
      clock,
      reconcile: (key, signal) => this.#reconcile(key, signal),
      onError,
    });
    this.#budgets.addHandler({
      onAdd: (budget) => this.controller.queue.add(keyOf(budget)),
      onUpdate: (budget) => this.controller.queue.add(keyOf(budget)),
    });
    this.#pods.addHandler({
      onAdd: (pod) => this.#enqueueBudgetsOf(pod),
      onUpdate: (pod, previous) => {
        this.#enqueueBudgetsOf(pod);
        if (!deepEqual(pod.metadata.labels, previous.metadata.labels)) this.#enqueueBudgetsOf(previous);
      },
      onDelete: (pod) => this.#enqueueBudgetsOf(pod),
    });
    const sized = { onUpdate: (object: Sized, old: Sized) => this.#sizeChanged(object, old) };
    this.#deployments.addHandler(sized);
    this.#replicaSets.addHandler(sized);
    this.#statefulSets.addHandler(sized);
    this.#replicationControllers.addHandler(sized);
  }

  async #reconcile(key: string, signal: AbortSignal): Promise<Requeue | void> {
    const budget = this.#budgets.lister.get(parseKey(key));
    if (budget === undefined) return;
    const { namespace = '' } = budget.metadata;
    const { selector } = budget.spec;
    const matching =
      selector === undefined
        ? []
        : this.#pods.lister.list(namespace, selectorFromObject(selector)).filter(counts);
    const expected = expectedOf(budget, matching.length, () => this.#wanted(matching));
    const { status, recheckMs } = budgetStatus(budget, matching, expected, this.#clock.now());
    if (!deepEqual(status, budget.status))
      await this.#client.updateStatus(poddisruptionbudgets, { ...budget, status }, { signal });
    return recheckMs === undefined ? undefined : { requeueAfterMs: recheckMs };
  }

  /** The sizes of all that the Pods belong to; a Pod of nobody counts for itself. */
  #wanted(matching: readonly Pod[]): number {
    const sizes = new Map<string, number>();
    let alone = 0;
    for (const pod of matching) {
      const size = this.#sizeOf(pod);
      if (size === undefined) alone++;
      else sizes.set(size.uid, size.replicas);
    }
    return [...sizes.values()].reduce((sum, size) => sum + size, alone);
  }

  #sizeOf(pod: Pod): { readonly uid: string; readonly replicas: number } | undefined {
    const { namespace } = pod.metadata;
    const reference = controllerOf(pod);
    if (reference === undefined) return undefined;
    const name = { namespace, name: reference.name };
    const sizeOf = (owner: Sized | undefined) =>
      owner?.metadata.uid === undefined
        ? undefined
        : { uid: owner.metadata.uid, replicas: owner.spec.replicas ?? 1 };
    switch (reference.kind) {
      case 'ReplicaSet': {
        const set = this.#replicaSets.lister.get(name);
        const above = set === undefined ? undefined : controllerOf(set);
        const deployment =
          above?.kind === 'Deployment'
            ? this.#deployments.lister.get({ namespace, name: above.name })
            : undefined;
        return sizeOf(deployment ?? set);
      }
      case 'StatefulSet':
        return sizeOf(this.#statefulSets.lister.get(name));
      case 'ReplicationController':
        return sizeOf(this.#replicationControllers.lister.get(name));
      default:
        return undefined;
    }
  }

  #sizeChanged(object: Sized, old: Sized): void {
    if (object.spec.replicas === old.spec.replicas) return;
    for (const budget of this.#budgets.lister.list(object.metadata.namespace ?? ''))
      this.controller.queue.add(keyOf(budget));
  }

  #enqueueBudgetsOf({ metadata }: Pod): void {
    for (const budget of this.#budgets.lister.list(metadata.namespace ?? '')) {
      const { selector } = budget.spec;
      if (selector !== undefined && selectorFromObject(selector).matches(metadata.labels))
        this.controller.queue.add(keyOf(budget));
    }
  }
}

/** What has a number of replicas. */
interface Sized {
  readonly metadata: Pod['metadata'];
  readonly spec: { readonly replicas?: number | undefined };
}
