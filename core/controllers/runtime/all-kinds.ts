import type { KubernetesObject } from '../../api/object.ts';
import { areEvents, qualifiedResource, type Resource } from '../../api/resource.ts';
import { resourcesOf, storedVersion } from '../../api/scheme.ts';
import type { KindDeclaration, Scheme } from '../../api/scheme.ts';
import type { InformerFactory } from '../../client/informer-factory.ts';

/**
 * Stored kinds that can be listed, watched and deleted. What is short-lived by nature (events) and belongs to nothing
 * is none.
 */
export function isCollectable(kind: KindDeclaration): boolean {
  return !areEvents(kind) && ['list', 'watch', 'delete'].every((verb) => kind.verbs.includes(verb));
}

/** What a controller does as kinds come and go at run time. */
export interface KindFollower {
  onServed(resource: Resource<KubernetesObject>): void;
  /** No longer served, or in another version from now on: its informer ends. */
  onWithdrawn?(resource: Resource<KubernetesObject>): void;
}

/** Tells of every kind that `isFollowed` chooses, in one version each, now and as the scheme changes. */
export function followKinds(
  scheme: Scheme,
  informers: Pick<InformerFactory, 'forget'>,
  isFollowed: (kind: KindDeclaration) => boolean,
  follower: KindFollower,
): void {
  const followed = new Map<string, Resource<KubernetesObject>>();
  const follow = ({ group, plural }: Pick<KindDeclaration, 'group' | 'plural'>) => {
    const name = qualifiedResource({ group, plural });
    const served = storedVersion(scheme.versionsOf(group, plural).filter(isFollowed));
    const present = followed.get(name);
    if (served?.version === present?.version) return;
    if (present !== undefined) {
      followed.delete(name);
      informers.forget(present);
      follower.onWithdrawn?.(present);
    }
    if (served === undefined) return;
    const resource = resourceOf(served);
    followed.set(name, resource);
    follower.onServed(resource);
  };
  const followAll = (kinds: readonly KindDeclaration[]) => {
    for (const resource of resourcesOf(kinds)) follow(resource);
  };
  followAll(scheme.all());
  scheme.onChange(followAll);
}

/** A declared kind as clients name it. Nothing is known of its objects but what all have. */
export function resourceOf(declaration: KindDeclaration): Resource<KubernetesObject> {
  const { group, version, plural, kind, namespaced } = declaration;
  return { group, version, plural, kind, namespaced };
}
