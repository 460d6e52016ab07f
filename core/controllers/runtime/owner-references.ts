import type { ObjectMeta, OwnerReference } from '../../api/generated/meta-v1.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { apiVersionOf, type Resource } from '../../api/resource.ts';

/** The reference to the one owner that manages the object, if any. */
export function controllerOf(object: { readonly metadata: ObjectMeta }): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((reference) => reference.controller === true);
}

/** What a controller writes into the children it makes or adopts. */
export function controllerReference<T extends KubernetesObject>(
  resource: Resource<T>,
  owner: T,
): OwnerReference {
  return {
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    name: owner.metadata.name ?? '',
    uid: owner.metadata.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  };
}
