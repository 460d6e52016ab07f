import type { KubernetesObject } from '../../core/api/object.ts';
import { statusOf } from './object-status.ts';
import type { ContextNode, NamespaceNode, SelectorNode } from './tree-node.ts';

/** The contexts that can be opened, with the one that is, even if the kubeconfig has lost it. */
export function contextNodes(parent: SelectorNode, contexts: readonly string[]): readonly ContextNode[] {
  const names = new Set([...contexts, ...(parent.chosen === undefined ? [] : [parent.chosen])]);
  return [...names].map((name) => ({
    type: 'context',
    id: `${parent.id}/${name}`,
    parent,
    name,
    current: name === parent.chosen,
  }));
}

/**
 * All namespaces, then one by one; for those who may not list them, the ones that are known otherwise: the one that
 * is looked at and the context's own.
 */
export function namespaceNodes(
  parent: SelectorNode,
  namespaces: readonly KubernetesObject[] | undefined,
  ofContext: string,
): readonly NamespaceNode[] {
  const known = new Map<string, KubernetesObject | undefined>();
  if (namespaces === undefined) known.set(ofContext, undefined);
  for (const object of namespaces ?? []) known.set(object.metadata.name ?? '', object);
  if (parent.chosen !== undefined && !known.has(parent.chosen)) known.set(parent.chosen, undefined);
  const named = [...known]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, object]) => ({
      ...nodeOf(parent, name),
      status: object && statusOf({ group: '', version: 'v1', kind: 'Namespace' }, object),
    }));
  return [nodeOf(parent, undefined), ...named];
}

function nodeOf(parent: SelectorNode, name: string | undefined): NamespaceNode {
  const current = name === parent.chosen;
  return { type: 'namespace', id: `${parent.id}/${name ?? ''}`, parent, name, current, status: undefined };
}
