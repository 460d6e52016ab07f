import { isAlreadyExists, isConflict, isNotFound } from '../../api/errors.ts';
import type { ClusterRole, ClusterRoleBinding, Subject } from '../../api/generated/rbac-v1.ts';
import { clusterrolebindings, clusterroles } from '../../api/generated/resources.ts';
import type { KubernetesObject } from '../../api/object.ts';
import type { Resource } from '../../api/resource.ts';
import type { Verbs } from '../../api/verbs.ts';
import { defaultBindings, defaultRoles } from './default-roles.ts';
import type { DefaultRole } from './default-roles.ts';
import { missing } from './rules.ts';

const autoUpdate = 'rbac.authorization.kubernetes.io/autoupdate';
const labels = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };
const annotations = { [autoUpdate]: 'true' };
const apiVersion = 'rbac.authorization.k8s.io/v1';
const atOnce = 16;
const maxAttempts = 5;

/**
 * Sees to it that the default roles and bindings are there and grant at least what they should; what somebody added
 * stays, and so does whatever carries the annotation autoupdate=false (pkg/registry/rbac/reconciliation).
 */
export async function bootstrapPolicy(verbs: Verbs, signal?: AbortSignal): Promise<void> {
  const work = [
    ...defaultRoles.map(
      (role) => () => reconcile(verbs, clusterroles, wantedRole(role), completeRole, signal),
    ),
    ...defaultBindings.map(
      ([role, kind, names]) =>
        () =>
          reconcile(verbs, clusterrolebindings, wantedBinding(role, kind, names), completeBinding, signal),
    ),
  ].values();
  const worker = async () => {
    for (const step of work) await step();
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

function wantedRole({ name, labels: own, rules, aggregationRule }: DefaultRole): ClusterRole {
  return {
    apiVersion,
    kind: 'ClusterRole',
    metadata: { name, labels: { ...labels, ...own }, annotations },
    rules,
    ...(aggregationRule === undefined ? {} : { aggregationRule }),
  };
}

function wantedBinding(role: string, kind: 'Group' | 'User', names: readonly string[]): ClusterRoleBinding {
  const subjects = names.map((name) => ({ apiGroup: 'rbac.authorization.k8s.io', kind, name }));
  return {
    apiVersion,
    kind: 'ClusterRoleBinding',
    metadata: { name: role, labels, annotations },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
    ...(subjects.length === 0 ? {} : { subjects }),
  };
}

/** Undefined where nothing is missing. */
function completeRole(role: ClusterRole, wanted: ClusterRole): ClusterRole | undefined {
  const lacking = wanted.aggregationRule === undefined ? missing(role.rules ?? [], wanted.rules ?? []) : [];
  const unaggregated = wanted.aggregationRule !== undefined && role.aggregationRule === undefined;
  const metadata = completeMetadata(role, wanted);
  if (lacking.length === 0 && !unaggregated && metadata === undefined) return undefined;
  return {
    ...role,
    metadata: metadata ?? role.metadata,
    ...(lacking.length === 0 ? {} : { rules: [...(role.rules ?? []), ...lacking] }),
    ...(unaggregated ? { aggregationRule: wanted.aggregationRule } : {}),
  };
}

function completeBinding(
  binding: ClusterRoleBinding,
  wanted: ClusterRoleBinding,
): ClusterRoleBinding | undefined {
  const same = (one: Subject, other: Subject) => one.kind === other.kind && one.name === other.name;
  const lacking = (wanted.subjects ?? []).filter(
    (subject) => binding.subjects?.some((present) => same(present, subject)) !== true,
  );
  const metadata = completeMetadata(binding, wanted);
  if (lacking.length === 0 && metadata === undefined) return undefined;
  return {
    ...binding,
    metadata: metadata ?? binding.metadata,
    ...(lacking.length === 0 ? {} : { subjects: [...(binding.subjects ?? []), ...lacking] }),
  };
}

function completeMetadata(
  { metadata }: KubernetesObject,
  wanted: KubernetesObject,
): KubernetesObject['metadata'] | undefined {
  const holds = (
    present: Readonly<Record<string, string>> = {},
    all: Readonly<Record<string, string>> = {},
  ) => Object.keys(all).every((key) => key in present);
  if (
    holds(metadata.labels, wanted.metadata.labels) &&
    holds(metadata.annotations, wanted.metadata.annotations)
  )
    return undefined;
  return {
    ...metadata,
    labels: { ...wanted.metadata.labels, ...metadata.labels },
    annotations: { ...wanted.metadata.annotations, ...metadata.annotations },
  };
}

async function reconcile<T extends KubernetesObject>(
  verbs: Verbs,
  { group, version, plural }: Resource<T>,
  wanted: T,
  complete: (present: T, wanted: T) => T | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  const call = { signal };
  const collection = { group, version, resource: plural };
  const target = { ...collection, name: wanted.metadata.name ?? '' };
  for (let attempt = 1; ; attempt++) {
    try {
      const present = (await verbs.get(call, target)).object as T;
      if (present.metadata.annotations?.[autoUpdate] === 'false') return;
      const completed = complete(present, wanted);
      if (completed !== undefined) await verbs.update(call, target, { kind: 'object', object: completed });
      return;
    } catch (error) {
      if (isConflict(error) && attempt < maxAttempts) continue;
      if (!isNotFound(error)) throw error;
    }
    try {
      await verbs.create(call, collection, { kind: 'object', object: wanted });
      return;
    } catch (error) {
      // Another core was faster: then there is something to complete.
      if (!isAlreadyExists(error) || attempt === maxAttempts) throw error;
    }
  }
}
