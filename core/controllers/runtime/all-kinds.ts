import type { KubernetesObject } from '../../api/object.ts';
import { qualifiedResource, type Resource } from '../../api/resource.ts';
import type { KindDeclaration, Scheme } from '../../api/scheme.ts';
import type { InformerFactory } from '../../client/informer-factory.ts';

/**
 * The stored kinds that can be listed, watched and deleted, each in one version. What is short-lived by nature
 * (events) and belongs to nothing is left out.
 */
export function collectableKinds(scheme: Scheme): readonly KindDeclaration[] {
  const found = new Map<string, KindDeclaration>();
  for (const kind of scheme.all()) {
    const { group, plural, verbs, version, custom } = kind;
    const name = `${group}/${plural}`;
    if (plural === 'events') continue;
    if (!['list', 'watch', 'delete'].every((verb) => verbs.includes(verb))) continue;
    // As it is stored nobody has to be asked for another form of it.
    if (!found.has(name) || custom?.storageVersion === version) found.set(name, kind);
  }
  return [...found.values()];
}

/** What a controller does as kinds come and go at run time. */
export interface KindFollower {
  onServed(resource: Resource<KubernetesObject>): void;
  /** No longer served, or in another version from now on: its informer ends. */
  onWithdrawn?(resource: Resource<KubernetesObject>): void;
}

/** Tells of every kind that `kindsOf` finds in the scheme, now and after each change. */
export function followKinds(
  scheme: Scheme,
  informers: Pick<InformerFactory, 'forget'>,
  kindsOf: (scheme: Scheme) => readonly KindDeclaration[],
  follower: KindFollower,
): void {
  const followed = new Map<string, Resource<KubernetesObject>>();
  const follow = () => {
    const served = new Map(kindsOf(scheme).map((kind) => [qualifiedResource(kind), resourceOf(kind)]));
    for (const [name, resource] of followed) {
      if (served.get(name)?.version === resource.version) continue;
      followed.delete(name);
      informers.forget(resource);
      follower.onWithdrawn?.(resource);
    }
    for (const [name, resource] of served) {
      if (followed.has(name)) continue;
      followed.set(name, resource);
      follower.onServed(resource);
    }
  };
  follow();
  scheme.onChange(follow);
}

/** A declared kind as clients name it. Nothing is known of its objects but what all have. */
export function resourceOf(declaration: KindDeclaration): Resource<KubernetesObject> {
  const { group, version, plural, kind, namespaced } = declaration;
  return { group, version, plural, kind, namespaced };
}
