import { isAlreadyExists, isNotFound } from '../../api/errors.ts';
import type { Deployment, DeploymentStatus, ReplicaSet } from '../../api/generated/apps-v1.ts';
import { deployments, replicasets } from '../../api/generated/resources.ts';
import type { New } from '../../api/object.ts';
import type { Client } from '../../client/client.ts';
import { referenceTo, type EventRecorder, type EventType } from '../../client/events.ts';
import type { Clock } from '../../machinery/clock.ts';
import { templateHash } from '../../machinery/hash.ts';
import { deepEqual } from '../../machinery/json.ts';
import { controllerOf, controllerReference } from '../runtime/owner-references.ts';
import { maxRevision, newestAnnotations, revisionAnnotation, sizeAnnotations } from './annotations.ts';
import { desiredReplicas, maxSurge, newSetReplicas, type Resize } from './arithmetic.ts';
import { equalTemplates, hashLabel, replicasOf, type ReplicaSets } from './replica-sets.ts';
import { conditionOf, hasProgressDeadline, withCondition, type ConditionChange } from './status.ts';

export interface RolloutDependencies {
  readonly client: Client;
  readonly clock: Clock;
  readonly events: EventRecorder;
}

/** The writes of one reconcile of one Deployment. Keeps the Deployment as its own writes left it. */
export class Rollout {
  readonly #dependencies: RolloutDependencies;
  readonly #signal: AbortSignal;
  #deployment: Deployment;

  constructor(dependencies: RolloutDependencies, deployment: Deployment, signal: AbortSignal) {
    this.#dependencies = dependencies;
    this.#deployment = deployment;
    this.#signal = signal;
  }

  get deployment(): Deployment {
    return this.#deployment;
  }

  get nowMs(): number {
    return this.#dependencies.clock.now();
  }

  /** Writes the status unless it is what is stored. */
  async writeStatus(status: DeploymentStatus): Promise<void> {
    if (deepEqual(status, this.#deployment.status)) return;
    this.#deployment = await this.#dependencies.client.updateStatus(
      deployments,
      { ...this.#deployment, status },
      { signal: this.#signal },
    );
  }

  async writeCondition(change: ConditionChange): Promise<void> {
    await this.writeStatus(withCondition(this.#deployment.status, change, this.nowMs));
  }

  /** Says on the Deployment that it was paused or resumed, so that its deadline does not run meanwhile. */
  async notePause(): Promise<void> {
    if (!hasProgressDeadline(this.#deployment)) return;
    const { paused = false } = this.#deployment.spec;
    const current = conditionOf(this.#deployment.status, 'Progressing');
    if (current?.reason === 'ProgressDeadlineExceeded') return;
    const noted = current?.reason === 'DeploymentPaused';
    if (paused === noted) return;
    await this.writeCondition({
      type: 'Progressing',
      status: 'Unknown',
      reason: paused ? 'DeploymentPaused' : 'DeploymentResumed',
      message: paused ? 'Deployment is paused' : 'Deployment is resumed',
    });
  }

  /** Resizes a set, or records on a set that keeps its size what the Deployment's size is now. */
  async resize({ set, replicas }: Resize): Promise<void> {
    const sizes = sizeAnnotations(
      desiredReplicas(this.#deployment),
      desiredReplicas(this.#deployment) + maxSurge(this.#deployment),
    );
    const current = replicasOf(set);
    const annotations = { ...set.metadata.annotations, ...sizes };
    if (replicas === current && deepEqual(annotations, set.metadata.annotations)) return;
    await this.#dependencies.client.update(
      replicasets,
      { ...set, metadata: { ...set.metadata, annotations }, spec: { ...set.spec, replicas } },
      { signal: this.#signal },
    );
    if (replicas === current) return;
    const direction = replicas > current ? 'up' : 'down';
    this.event(
      'Normal',
      'ScalingReplicaSet',
      `Scaled ${direction} replica set ${set.metadata.name} from ${current} to ${replicas}`,
    );
  }

  async delete(set: ReplicaSet): Promise<void> {
    const { namespace, name = '', uid } = set.metadata;
    try {
      await this.#dependencies.client.delete(
        replicasets,
        { namespace, name },
        { ...(uid === undefined ? {} : { preconditions: { uid } }), signal: this.#signal },
      );
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  /**
   * The newest ReplicaSet with its annotations, and the Deployment with its revision, brought up to date. Made when
   * it is not there, unless `mayCreate` is false.
   */
  async syncNewest(sets: ReplicaSets, mayCreate: boolean): Promise<ReplicaSets> {
    const revision = maxRevision(sets.old) + 1;
    if (sets.newest !== undefined) return { ...sets, newest: await this.#refresh(sets.newest, revision) };
    if (!mayCreate) return sets;
    return { ...sets, newest: await this.#create(sets.old, revision) };
  }

  event(type: EventType, reason: string, message: string): void {
    this.#dependencies.events.event(referenceTo(deployments, this.#deployment), type, reason, message);
  }

  async #refresh(set: ReplicaSet, revision: number): Promise<ReplicaSet> {
    const annotations = newestAnnotations(this.#deployment, set.metadata.annotations ?? {}, revision);
    const minReadySeconds = this.#deployment.spec.minReadySeconds ?? 0;
    let refreshed = set;
    if (
      !deepEqual(annotations, set.metadata.annotations ?? {}) ||
      minReadySeconds !== (set.spec.minReadySeconds ?? 0)
    ) {
      refreshed = await this.#dependencies.client.update(
        replicasets,
        { ...set, metadata: { ...set.metadata, annotations }, spec: { ...set.spec, minReadySeconds } },
        { signal: this.#signal },
      );
    }
    await this.#writeRevision(refreshed.metadata.annotations?.[revisionAnnotation] ?? `${revision}`);
    if (hasProgressDeadline(this.#deployment) && !conditionOf(this.#deployment.status, 'Progressing')) {
      const message = `Found new replica set "${set.metadata.name}"`;
      await this.writeCondition({
        type: 'Progressing',
        status: 'True',
        reason: 'FoundNewReplicaSet',
        message,
      });
    }
    return refreshed;
  }

  async #create(old: readonly ReplicaSet[], revision: number): Promise<ReplicaSet> {
    const planned = plannedSet(this.#deployment, old, revision);
    const { name = '' } = planned.metadata;
    let created: ReplicaSet;
    try {
      created = await this.#dependencies.client.create(replicasets, planned, { signal: this.#signal });
    } catch (error) {
      if (!isAlreadyExists(error)) return await this.#failedCreate(name, error);
      const existing = await this.#existing(name);
      if (existing === undefined) return await this.#collided(name, error);
      await this.#writeRevision(`${revision}`);
      return existing;
    }
    const replicas = replicasOf(created);
    if (replicas > 0) {
      this.event('Normal', 'ScalingReplicaSet', `Scaled up replica set ${name} from 0 to ${replicas}`);
    }
    await this.#writeRevision(`${revision}`);
    if (hasProgressDeadline(this.#deployment)) {
      const message = `Created new replica set "${name}"`;
      await this.writeCondition({
        type: 'Progressing',
        status: 'True',
        reason: 'NewReplicaSetCreated',
        message,
      });
    }
    return created;
  }

  /** The set of that name if it is ours and runs our template: an earlier try of ours that the cache has not seen. */
  async #existing(name: string): Promise<ReplicaSet | undefined> {
    const { namespace, uid } = this.#deployment.metadata;
    const set = await this.#dependencies.client.get(
      replicasets,
      { namespace, name },
      { signal: this.#signal },
    );
    const ours = controllerOf(set)?.uid === uid;
    return ours && equalTemplates(set.spec.template, this.#deployment.spec.template) ? set : undefined;
  }

  /** Two templates have one hash: the count makes the next try hash differently. */
  async #collided(name: string, cause: unknown): Promise<never> {
    const collisionCount = (this.#deployment.status.collisionCount ?? 0) + 1;
    await this.writeStatus({ ...this.#deployment.status, collisionCount });
    throw new Error(`Cannot create ReplicaSet "${name}": the name is taken by another template`, { cause });
  }

  async #failedCreate(name: string, error: unknown): Promise<never> {
    const why = error instanceof Error ? error.message : String(error);
    const message = `Failed to create new replica set "${name}": ${why}`;
    this.event('Warning', 'ReplicaSetCreateError', message);
    if (hasProgressDeadline(this.#deployment)) {
      await this.writeCondition({
        type: 'Progressing',
        status: 'False',
        reason: 'ReplicaSetCreateError',
        message,
      });
    }
    throw error;
  }

  async #writeRevision(revision: string): Promise<void> {
    const { namespace, name = '', annotations, uid } = this.#deployment.metadata;
    if (annotations?.[revisionAnnotation] === revision) return;
    const patch = { metadata: { uid, annotations: { [revisionAnnotation]: revision } } };
    this.#deployment = await this.#dependencies.client.patch(
      deployments,
      { namespace, name },
      'merge',
      patch,
      { subresource: 'status', signal: this.#signal },
    );
  }
}

function plannedSet(deployment: Deployment, old: readonly ReplicaSet[], revision: number): New<ReplicaSet> {
  const { namespace, name: owner = '' } = deployment.metadata;
  const { selector, template, minReadySeconds = 0 } = deployment.spec;
  const hash = templateHash(template, deployment.status.collisionCount);
  const labels = { ...template.metadata?.labels, [hashLabel]: hash };
  const desired = desiredReplicas(deployment);
  const annotations = {
    ...newestAnnotations(deployment, {}, revision),
    ...sizeAnnotations(desired, desired + maxSurge(deployment)),
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${owner}-${hash}`,
      namespace,
      labels,
      annotations,
      ownerReferences: [controllerReference(deployments, deployment)],
    },
    spec: {
      replicas: newSetReplicas(deployment, old, 0),
      minReadySeconds,
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [hashLabel]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  };
}
