import { customresourcedefinitions, namespaces } from '../../core/api/generated/resources.ts';
import type { KubernetesObject } from '../../core/api/object.ts';
import { parseApiVersion } from '../../core/api/resource.ts';
import type { Manifest } from '../../core/client/manifests.ts';

/**
 * The order in which objects can be made, wherever they stand in their files: namespaces, then definitions of kinds,
 * then what lies in them. Within these, as it is written.
 */
export function inApplyOrder<T extends { readonly manifest: Manifest }>(objects: readonly T[]): readonly T[] {
  return objects.toSorted((a, b) => rankOf(a.manifest.object) - rankOf(b.manifest.object));
}

export function isNamespace(object: KubernetesObject): boolean {
  return isOf(object, namespaces);
}

export function isDefinition(object: KubernetesObject): boolean {
  return isOf(object, customresourcedefinitions);
}

function rankOf(object: KubernetesObject): number {
  if (isNamespace(object)) return 0;
  return isDefinition(object) ? 1 : 2;
}

function isOf(
  { apiVersion = '', kind }: KubernetesObject,
  resource: { readonly group: string; readonly kind: string },
): boolean {
  return kind === resource.kind && parseApiVersion(apiVersion).group === resource.group;
}
