import type { ObjectMeta, OwnerReference } from '../../core/api/generated/meta-v1.ts';
import type { KubernetesObject } from '../../core/api/object.ts';

/** When built objects were created, unless a test says otherwise. */
export const builtAtMs = Date.UTC(2030, 0, 1);

/** RFC 3339 with whole seconds, as metav1.Time. */
export function timestamp(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}

/**
 * What all builders share. Every call gives a new builder, so a test may keep a half-built object and vary it.
 * Names, uids and times are the same in every run.
 */
export abstract class ObjectBuilder<T extends KubernetesObject> {
  protected readonly object: T;

  protected constructor(object: T) {
    this.object = object;
  }

  protected abstract with(object: T): this;

  /** The object as the API would return it. */
  build(): T {
    return this.object;
  }

  named(name: string): this {
    return this.withMetadata({ name, uid: `${this.object.kind?.toLowerCase()}-${name}` });
  }

  inNamespace(namespace: string): this {
    return this.withMetadata({ namespace });
  }

  withUid(uid: string): this {
    return this.withMetadata({ uid });
  }

  /** Adds to the labels there are. */
  labelled(labels: Readonly<Record<string, string>>): this {
    return this.withMetadata({ labels: { ...this.object.metadata.labels, ...labels } });
  }

  annotated(annotations: Readonly<Record<string, string>>): this {
    return this.withMetadata({ annotations: { ...this.object.metadata.annotations, ...annotations } });
  }

  createdAt(ms: number): this {
    return this.withMetadata({ creationTimestamp: timestamp(ms) });
  }

  deletedAt(ms: number, gracePeriodSeconds = 30): this {
    return this.withMetadata({
      deletionTimestamp: timestamp(ms),
      deletionGracePeriodSeconds: gracePeriodSeconds,
    });
  }

  terminating(): this {
    return this.deletedAt(builtAtMs);
  }

  withFinalizers(...finalizers: readonly string[]): this {
    return this.withMetadata({ finalizers });
  }

  atGeneration(generation: number): this {
    return this.withMetadata({ generation });
  }

  /** Adds an owner reference; `controller` and `blockOwnerDeletion` are set unless told otherwise. */
  ownedBy(owner: KubernetesObject, reference: Partial<OwnerReference> = {}): this {
    const { apiVersion = 'v1', kind = '', metadata } = owner;
    const added: OwnerReference = {
      apiVersion,
      kind,
      name: metadata.name ?? '',
      uid: metadata.uid ?? '',
      controller: true,
      blockOwnerDeletion: true,
      ...reference,
    };
    return this.withMetadata({ ownerReferences: [...(this.object.metadata.ownerReferences ?? []), added] });
  }

  withMetadata(metadata: ObjectMeta): this {
    return this.with({ ...this.object, metadata: { ...this.object.metadata, ...metadata } });
  }
}

export function newMetadata(kind: string, name: string, namespace?: string): ObjectMeta {
  return {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    uid: `${kind.toLowerCase()}-${name}`,
    creationTimestamp: timestamp(builtAtMs),
  };
}
