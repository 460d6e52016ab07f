import type {
  Deployment,
  DeploymentCondition,
  DeploymentSpec,
  DeploymentStatus,
  ReplicaSet,
  ReplicaSetSpec,
  ReplicaSetStatus,
} from '../../core/api/generated/apps-v1.ts';
import type { PodTemplateSpec } from '../../core/api/generated/core-v1.ts';
import { newMetadata, ObjectBuilder } from './object.ts';
import { PodBuilder } from './pod.ts';

const webLabels = { app: 'web' };

export class ReplicaSetBuilder extends ObjectBuilder<ReplicaSet> {
  static create(): ReplicaSetBuilder {
    return new ReplicaSetBuilder({
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: { ...newMetadata('ReplicaSet', 'web', 'default'), generation: 1 },
      spec: { replicas: 1, selector: { matchLabels: webLabels }, template: webTemplate() },
      status: { replicas: 0 },
    });
  }

  protected with(object: ReplicaSet): this {
    return new ReplicaSetBuilder(object) as this;
  }

  withSpec(spec: Partial<ReplicaSetSpec>): this {
    return this.with({ ...this.object, spec: { ...this.object.spec, ...spec } });
  }

  withStatus(status: Partial<ReplicaSetStatus>): this {
    return this.with({ ...this.object, status: { ...this.object.status, ...status } });
  }

  withReplicas(replicas: number): this {
    return this.withSpec({ replicas });
  }

  running(image: string): this {
    return this.withSpec({ template: withImage(this.object.spec.template ?? webTemplate(), image) });
  }

  selecting(labels: Readonly<Record<string, string>>): this {
    const template = this.object.spec.template ?? webTemplate();
    return this.withSpec({
      selector: { matchLabels: labels },
      template: { ...template, metadata: { ...template.metadata, labels } },
    });
  }

  /** A status in which `count` Pods exist, are ready and available. */
  allAvailable(count = this.object.spec.replicas ?? 1): this {
    return this.withStatus({
      replicas: count,
      fullyLabeledReplicas: count,
      readyReplicas: count,
      availableReplicas: count,
      observedGeneration: this.object.metadata.generation ?? 1,
    });
  }
}

export class DeploymentBuilder extends ObjectBuilder<Deployment> {
  static create(): DeploymentBuilder {
    return new DeploymentBuilder({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { ...newMetadata('Deployment', 'web', 'default'), generation: 1 },
      spec: {
        replicas: 1,
        selector: { matchLabels: webLabels },
        template: webTemplate(),
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
        revisionHistoryLimit: 10,
        progressDeadlineSeconds: 600,
      },
      status: {},
    });
  }

  protected with(object: Deployment): this {
    return new DeploymentBuilder(object) as this;
  }

  withSpec(spec: Partial<DeploymentSpec>): this {
    return this.with({ ...this.object, spec: { ...this.object.spec, ...spec } });
  }

  withStatus(status: DeploymentStatus): this {
    return this.with({ ...this.object, status: { ...this.object.status, ...status } });
  }

  withCondition(condition: DeploymentCondition): this {
    const others = (this.object.status.conditions ?? []).filter(({ type }) => type !== condition.type);
    return this.withStatus({ conditions: [...others, condition] });
  }

  withReplicas(replicas: number): this {
    return this.withSpec({ replicas });
  }

  running(image: string): this {
    return this.withSpec({ template: withImage(this.object.spec.template, image) });
  }

  selecting(labels: Readonly<Record<string, string>>): this {
    const { template } = this.object.spec;
    return this.withSpec({
      selector: { matchLabels: labels },
      template: { ...template, metadata: { ...template.metadata, labels } },
    });
  }

  rollingWith(maxSurge: number | string, maxUnavailable: number | string): this {
    return this.withSpec({
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } },
    });
  }

  recreating(): this {
    return this.withSpec({ strategy: { type: 'Recreate' } });
  }

  paused(): this {
    return this.withSpec({ paused: true });
  }

  keepingRevisions(limit: number): this {
    return this.withSpec({ revisionHistoryLimit: limit });
  }
}

function webTemplate(): PodTemplateSpec {
  return { metadata: { labels: webLabels }, spec: PodBuilder.create().build().spec };
}

function withImage(template: PodTemplateSpec, image: string): PodTemplateSpec {
  const [main, ...others] = template.spec?.containers ?? [];
  return {
    ...template,
    spec: { ...template.spec, containers: [{ name: 'main', ...main, image }, ...others] },
  };
}

/** A ReplicaSet "default/web" of one Pod labelled app=web, unless said otherwise. */
export function replicaSet(): ReplicaSetBuilder {
  return ReplicaSetBuilder.create();
}

/** A Deployment "default/web" of one Pod labelled app=web, unless said otherwise. */
export function deployment(): DeploymentBuilder {
  return DeploymentBuilder.create();
}
