import type { KubernetesObject } from '../../api/object.ts';
import type { Resource } from '../../api/resource.ts';
import type { KindDeclaration, Scheme } from '../../api/scheme.ts';

/**
 * The stored kinds that can be listed, watched and deleted, each in one version. What is short-lived by nature
 * (events) and belongs to nothing is left out.
 */
export function collectableKinds(scheme: Scheme): readonly KindDeclaration[] {
  const seen = new Set<string>();
  return scheme.all().filter(({ group, plural, verbs }) => {
    const name = `${group}/${plural}`;
    if (plural === 'events' || seen.has(name)) return false;
    if (!['list', 'watch', 'delete'].every((verb) => verbs.includes(verb))) return false;
    seen.add(name);
    return true;
  });
}

/** A declared kind as clients name it. Nothing is known of its objects but what all have. */
export function resourceOf(declaration: KindDeclaration): Resource<KubernetesObject> {
  const { group, version, plural, kind, namespaced } = declaration;
  return { group, version, plural, kind, namespaced };
}
