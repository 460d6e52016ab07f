import type { Pod, ResourceQuota, ScopedResourceSelectorRequirement } from '../generated/core-v1.ts';
import type { KubernetesObject } from '../object.ts';

type ScopeName = ScopedResourceSelectorRequirement['scopeName'];

const computeResources = ['cpu', 'memory'].flatMap((name) => [name, `requests.${name}`, `limits.${name}`]);

/** What each scope can be asked to bound: IsResourceQuotaScopeValidForResource (pkg/apis/core/helper). */
const boundBy: Readonly<Record<string, ReadonlySet<string>>> = {
  BestEffort: new Set(['pods']),
  VolumeAttributesClass: new Set(['persistentvolumeclaims', 'requests.storage']),
  ...Object.fromEntries(
    (
      [
        'Terminating',
        'NotTerminating',
        'NotBestEffort',
        'PriorityClass',
        'CrossNamespacePodAffinity',
      ] satisfies ScopeName[]
    ).map((name) => [name, new Set(['pods', ...computeResources])]),
  ),
};

/** Resources of quotas that are upstream's own: IsStandardQuotaResourceName. */
const standardResources: ReadonlySet<string> = new Set([
  ...computeResources,
  'ephemeral-storage',
  'requests.ephemeral-storage',
  'limits.ephemeral-storage',
  'requests.storage',
  'pods',
  'services',
  'replicationcontrollers',
  'resourcequotas',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
]);

export function isScope(name: unknown): boolean {
  return typeof name === 'string' && Object.hasOwn(boundBy, name);
}

/** Whether a quota of this scope can bound the resource; whose resources are not upstream's own says so itself. */
export function canBound(scope: string, resource: string): boolean {
  return !isScope(scope) || !standardResources.has(resource) || boundBy[scope]?.has(resource) === true;
}

interface Kind {
  readonly group: string;
  readonly plural: string;
}

/** Whether an object is one of those that the quota is about. */
export function scopesMatch(quota: ResourceQuota, kind: Kind, object: KubernetesObject): boolean {
  return scopesOf(quota).every((scope) => scopeMatches(scope, kind, object));
}

/** All that must hold for what a quota is about. */
export function scopesOf({ spec }: ResourceQuota): readonly ScopedResourceSelectorRequirement[] {
  const { scopes = [], scopeSelector } = spec;
  return [
    ...scopes.map((scopeName) => ({ scopeName, operator: 'Exists' as const })),
    ...(scopeSelector?.matchExpressions ?? []),
  ];
}

/** Scopes are about Pods. */
export function scopeMatches(
  scope: ScopedResourceSelectorRequirement,
  kind: Kind,
  object: KubernetesObject,
): boolean {
  return kind.group === '' && kind.plural === 'pods' && matches(scope, object as Pod);
}

function matches({ scopeName, operator, values = [] }: ScopedResourceSelectorRequirement, pod: Pod): boolean {
  switch (scopeName) {
    case 'Terminating':
      return pod.spec.activeDeadlineSeconds !== undefined;
    case 'NotTerminating':
      return pod.spec.activeDeadlineSeconds === undefined;
    case 'BestEffort':
      return isBestEffort(pod);
    case 'NotBestEffort':
      return !isBestEffort(pod);
    case 'PriorityClass': {
      const { priorityClassName } = pod.spec;
      const named = priorityClassName !== undefined && priorityClassName !== '';
      if (operator === 'Exists') return named;
      if (operator === 'DoesNotExist') return !named;
      return named && values.includes(priorityClassName) === (operator === 'In');
    }
    case 'CrossNamespacePodAffinity':
      return reachesOtherNamespaces(pod);
    default:
      return false;
  }
}

function isBestEffort({ spec }: Pod): boolean {
  return [...spec.containers, ...(spec.initContainers ?? [])].every(
    ({ resources }) => isEmpty(resources?.requests) && isEmpty(resources?.limits),
  );
}

function isEmpty(amounts: Readonly<Record<string, string>> | undefined): boolean {
  return ['cpu', 'memory'].every((name) => (amounts?.[name] ?? '0') === '0');
}

function reachesOtherNamespaces({ spec: { affinity } }: Pod): boolean {
  return [affinity?.podAffinity, affinity?.podAntiAffinity]
    .flatMap((rules) => [
      ...(rules?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
      ...(rules?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(
        ({ podAffinityTerm }) => podAffinityTerm,
      ),
    ])
    .some(
      ({ namespaces, namespaceSelector }) => (namespaces?.length ?? 0) > 0 || namespaceSelector !== undefined,
    );
}
