import type { ObjectReference, Pod } from '../../core/api/generated/core-v1.ts';
import { pods } from '../../core/api/generated/resources.ts';
import { referenceTo } from '../../core/client/events.ts';

export function podReference(pod: Pod): ObjectReference {
  return referenceTo(pods, pod);
}

/** What events about one container name, such as `spec.containers{web}`. */
export function containerReference(pod: Pod, container: string): ObjectReference {
  const has = (list: readonly { readonly name: string }[] | undefined) =>
    list?.some(({ name }) => name === container) === true;
  const role = has(pod.spec.initContainers)
    ? 'initContainers'
    : has(pod.spec.ephemeralContainers)
      ? 'ephemeralContainers'
      : 'containers';
  return referenceTo(pods, pod, `spec.${role}{${container}}`);
}
