/** What a client needs to know to reach a kind; the type parameter says what comes back. */
export interface Resource<T> {
  /** "" for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Never set: carries the type only. */
  readonly type?: T;
}

export type GroupResource = Pick<Resource<unknown>, 'group' | 'plural'>;

/** "v1" or "apps/v1". */
export function apiVersionOf(resource: { readonly group: string; readonly version: string }): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
}

/** Whether both are the same resource, in whichever versions. Others may call theirs the same in groups of their own. */
export function isSameResource(a: GroupResource, b: GroupResource): boolean {
  return a.plural === b.plural && a.group === b.group;
}

/** Whether these are the API's own events, in either of their groups. */
export function areEvents({ group, plural }: GroupResource): boolean {
  return plural === 'events' && (group === '' || group === 'events.k8s.io');
}

/** Splits "apps/v1" or "v1" into group and version. */
export function parseApiVersion(apiVersion: string): { group: string; version: string } {
  const slash = apiVersion.indexOf('/');
  return slash < 0
    ? { group: '', version: apiVersion }
    : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}

/** "pods" or "deployments.apps": how messages name a resource. */
export function qualifiedResource(resource: { readonly group: string; readonly plural: string }): string {
  return resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`;
}
