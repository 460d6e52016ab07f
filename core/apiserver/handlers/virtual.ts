import type { KubernetesObject } from '../../api/object.ts';
import type { Call, CollectionTarget, ListOptions, ObjectTarget, WriteOptions } from '../../api/verbs.ts';

/**
 * A kind that is served and not stored: a review that is answered, or a reading of something that changes all the
 * time. It serves the verbs of its declaration, and needs just those methods.
 */
export interface VirtualResource {
  /** `object` is decoded and completed. */
  create?(
    call: Call,
    target: CollectionTarget,
    object: KubernetesObject,
    options: WriteOptions,
  ): Promise<KubernetesObject>;
  /** Throws NotFound where there is no such object. */
  get?(call: Call, target: ObjectTarget): Promise<KubernetesObject>;
  list?(call: Call, target: CollectionTarget, options: ListOptions): Promise<readonly KubernetesObject[]>;
}

/** By "group/plural". */
export type VirtualResources = ReadonlyMap<string, VirtualResource>;
