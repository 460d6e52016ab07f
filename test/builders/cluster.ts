import type { Lease } from '../../core/api/generated/coordination-v1.ts';
import type { ConfigMap, Namespace, Secret, ServiceAccount } from '../../core/api/generated/core-v1.ts';
import { newMetadata, ObjectBuilder, timestamp } from './object.ts';

class NamespaceBuilder extends ObjectBuilder<Namespace> {
  static create(): NamespaceBuilder {
    return new NamespaceBuilder({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: newMetadata('Namespace', 'default'),
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
    });
  }

  protected with(object: Namespace): this {
    return new NamespaceBuilder(object) as this;
  }

  override deletedAt(ms: number): this {
    const deleted = super.deletedAt(ms, 0);
    return deleted.with({ ...deleted.object, status: { ...deleted.object.status, phase: 'Terminating' } });
  }
}

class LeaseBuilder extends ObjectBuilder<Lease> {
  static create(): LeaseBuilder {
    return new LeaseBuilder({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: newMetadata('Lease', 'a', 'kube-node-lease'),
      spec: { leaseDurationSeconds: 40 },
    });
  }

  protected with(object: Lease): this {
    return new LeaseBuilder(object) as this;
  }

  heldBy(holderIdentity: string): this {
    return this.with({ ...this.object, spec: { ...this.object.spec, holderIdentity } });
  }

  renewedAt(ms: number): this {
    const renewTime = timestamp(ms).replace('Z', '.000000Z');
    return this.with({ ...this.object, spec: { ...this.object.spec, renewTime } });
  }
}

class ConfigMapBuilder extends ObjectBuilder<ConfigMap> {
  static create(): ConfigMapBuilder {
    return new ConfigMapBuilder({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: newMetadata('ConfigMap', 'settings', 'default'),
    });
  }

  protected with(object: ConfigMap): this {
    return new ConfigMapBuilder(object) as this;
  }

  holding(data: Readonly<Record<string, string>>): this {
    return this.with({ ...this.object, data });
  }
}

class SecretBuilder extends ObjectBuilder<Secret> {
  static create(): SecretBuilder {
    return new SecretBuilder({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: newMetadata('Secret', 'credentials', 'default'),
      type: 'Opaque',
    });
  }

  protected with(object: Secret): this {
    return new SecretBuilder(object) as this;
  }

  /** Plain text; stored in base64. */
  holding(data: Readonly<Record<string, string>>): this {
    const encoded = Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]);
    return this.with({ ...this.object, data: Object.fromEntries(encoded) as Record<string, string> });
  }
}

class ServiceAccountBuilder extends ObjectBuilder<ServiceAccount> {
  static create(): ServiceAccountBuilder {
    return new ServiceAccountBuilder({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: newMetadata('ServiceAccount', 'default', 'default'),
    });
  }

  protected with(object: ServiceAccount): this {
    return new ServiceAccountBuilder(object) as this;
  }
}

export function namespace(): NamespaceBuilder {
  return NamespaceBuilder.create();
}

/** The Lease by which node "a" says that it lives, unless said otherwise. */
export function lease(): LeaseBuilder {
  return LeaseBuilder.create();
}

export function configMap(): ConfigMapBuilder {
  return ConfigMapBuilder.create();
}

export function secret(): SecretBuilder {
  return SecretBuilder.create();
}

export function serviceAccount(): ServiceAccountBuilder {
  return ServiceAccountBuilder.create();
}
