import type { ClusterRole, PolicyRule } from '../../api/generated/rbac-v1.ts';
import { clusterroles } from '../../api/generated/resources.ts';
import { keyOf } from '../../api/object.ts';
import { deepEqual } from '../../machinery/json.ts';
import { selectorFromObject } from '../../machinery/label-selector.ts';
import { Controller } from '../runtime/controller.ts';
import type { ControllerDependencies } from '../runtime/dependencies.ts';

/** Fills the ClusterRoles that gather the rules of others by label (upstream: clusterroleaggregation). */
export function createClusterRoleAggregationController(dependencies: ControllerDependencies): Controller {
  const { client, clock, informers, onError } = dependencies;
  const informer = informers.informer(clusterroles);
  const controller = new Controller({
    name: 'cluster-role-aggregation',
    clock,
    workers: 1,
    reconcile,
    onError,
  });
  // Any role may belong to any other: labels say so, and what is gathered may be gathered again.
  const seen = () => {
    for (const role of informer.lister.values())
      if (role.aggregationRule !== undefined) controller.queue.add(keyOf(role));
  };
  informer.addHandler({
    onAdd(role) {
      if (role.aggregationRule !== undefined) controller.queue.add(keyOf(role));
      if (role.metadata.labels !== undefined) seen();
    },
    onUpdate: seen,
    onDelete: seen,
  });
  return controller;

  async function reconcile(name: string, signal: AbortSignal): Promise<void> {
    const role = informer.lister.getByKey(name);
    if (role?.aggregationRule === undefined || role.metadata.deletionTimestamp !== undefined) return;
    const rules = gathered(role, [...informer.lister.values()]);
    if (deepEqual(rules, role.rules ?? [])) return;
    await client.update(clusterroles, { ...role, rules }, { signal });
  }
}

/** The rules of all roles that are selected, each once, in the order of the roles' names. */
function gathered(role: ClusterRole, all: readonly ClusterRole[]): readonly PolicyRule[] {
  const selectors = (role.aggregationRule?.clusterRoleSelectors ?? []).map(selectorFromObject);
  const parts = all
    .filter(({ metadata }) => metadata.name !== role.metadata.name)
    .filter(({ metadata }) => selectors.some((selector) => selector.matches(metadata.labels)))
    .sort((a, b) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1));
  const rules = new Map(
    parts.flatMap((part) => (part.rules ?? []).map((rule) => [JSON.stringify(rule), rule])),
  );
  return [...rules.values()];
}
