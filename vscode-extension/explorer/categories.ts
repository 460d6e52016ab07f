import type { ServedResource } from '../../core/client/resource-index.ts';

export type CategoryName =
  'workloads' | 'network' | 'configuration' | 'storage' | 'access' | 'cluster' | 'custom';

export interface Category {
  readonly name: CategoryName;
  readonly resources: readonly ServedResource[];
}

/** The kinds people look for, where they look for them and in the order of use; everything else follows by name. */
const places: Readonly<Record<Exclude<CategoryName, 'custom'>, readonly string[]>> = {
  workloads: [
    'deployments.apps',
    'statefulsets.apps',
    'daemonsets.apps',
    'jobs.batch',
    'cronjobs.batch',
    'pods',
    'replicasets.apps',
    'replicationcontrollers',
    'horizontalpodautoscalers.autoscaling',
    'poddisruptionbudgets.policy',
  ],
  network: [
    'services',
    'ingresses.networking.k8s.io',
    'networkpolicies.networking.k8s.io',
    'endpointslices.discovery.k8s.io',
    'endpoints',
    'ingressclasses.networking.k8s.io',
  ],
  configuration: ['configmaps', 'secrets', 'resourcequotas', 'limitranges'],
  storage: [
    'persistentvolumeclaims',
    'persistentvolumes',
    'storageclasses.storage.k8s.io',
    'volumeattachments.storage.k8s.io',
  ],
  access: [
    'serviceaccounts',
    'roles.rbac.authorization.k8s.io',
    'rolebindings.rbac.authorization.k8s.io',
    'clusterroles.rbac.authorization.k8s.io',
    'clusterrolebindings.rbac.authorization.k8s.io',
  ],
  cluster: ['nodes', 'namespaces', 'events'],
};

/** Sorts the kinds that can be listed and watched; a kind that is served in several versions or groups comes once. */
export function categoriesOf(resources: readonly ServedResource[]): readonly Category[] {
  const shown = new Map<string, ServedResource>();
  for (const resource of resources) {
    const watched = resource.verbs.includes('list') && resource.verbs.includes('watch');
    const name = qualified(resource);
    if (watched && !shown.has(name) && name !== 'events.events.k8s.io') shown.set(name, resource);
  }
  const placed = Object.entries(places).map(([name, names]) => ({
    name: name as CategoryName,
    resources: names.flatMap((wanted) => shown.get(wanted) ?? []),
  }));
  const named = new Set(Object.values(places).flat());
  const rest = [...shown].filter(([name]) => !named.has(name)).map(([, resource]) => resource);
  const byKind = (a: ServedResource, b: ServedResource) => (a.kind < b.kind ? -1 : 1);
  return [
    ...placed.map((category) =>
      category.name === 'cluster'
        ? { ...category, resources: [...category.resources, ...rest.filter(isBuiltIn).sort(byKind)] }
        : category,
    ),
    { name: 'custom' as const, resources: rest.filter((resource) => !isBuiltIn(resource)).sort(byKind) },
  ].filter(({ resources }) => resources.length > 0);
}

function qualified({ group, plural }: ServedResource): string {
  return group === '' ? plural : `${plural}.${group}`;
}

/** Groups of the API itself have no dot, or end in k8s.io; everybody else's must not. */
function isBuiltIn({ group }: ServedResource): boolean {
  return !group.includes('.') || group.endsWith('.k8s.io');
}
