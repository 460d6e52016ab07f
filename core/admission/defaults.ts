import type { KubernetesObject } from '../api/object.ts';

/**
 * Of the objects that an annotation marks as default, the one that holds: the newest, and of equally new ones the
 * first by name. Administrators change a default by marking another one, and both may be marked for a while.
 */
export function newestDefault<T extends KubernetesObject>(
  objects: readonly T[],
  annotations: readonly string[],
): T | undefined {
  const marked = objects.filter(({ metadata }) =>
    annotations.some((annotation) => metadata.annotations?.[annotation] === 'true'),
  );
  return marked.toSorted((a, b) => {
    const [newer, older] = [b.metadata.creationTimestamp ?? '', a.metadata.creationTimestamp ?? ''];
    if (newer !== older) return newer < older ? -1 : 1;
    return (a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1;
  })[0];
}
