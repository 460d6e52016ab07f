import type { KubernetesObject } from '../../api/object.ts';
import type { Resource } from '../../api/resource.ts';
import type { Client } from '../../client/client.ts';

/** Kinds that users' API servers serve (APIServices). They are in no scheme, and nobody has informers of them. */
export interface RemoteKinds {
  /** Reaches them. */
  readonly client: Client;
  /** What is known of them now. */
  discover(): RemoteDiscovery;
  /** Calls back when that has changed. */
  onChange(listener: () => void): void;
}

export interface RemoteDiscovery {
  /** Each in one version. */
  readonly resources: readonly RemoteResource[];
  /** Group versions whose server is away, sorted, such as "metrics.k8s.io/v1beta1": nobody knows what they have. */
  readonly unknown: readonly string[];
}

export interface RemoteResource extends Resource<KubernetesObject> {
  readonly verbs: readonly string[];
}
