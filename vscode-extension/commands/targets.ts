import * as vscode from 'vscode';
import type { KubernetesObject, ObjectName } from '../../core/api/object.ts';
import type { ServedResource } from '../../core/client/resource-index.ts';
import type { ContainerNode, ObjectNode, TreeNode } from '../explorer/tree-node.ts';
import type { ClusterSession, OpenCluster } from '../session/cluster-session.ts';

/** An object that a command was asked to work on, in the cluster it was seen in. */
export interface Target {
  readonly cluster: OpenCluster;
  readonly resource: ServedResource;
  readonly object: KubernetesObject;
  readonly name: ObjectName;
}

let selectedRows: () => readonly TreeNode[] = () => [];

/** Tells commands that are called by a key or from the palette, and so on no row, which rows are meant. */
export function useSelection(rows: () => readonly TreeNode[]): void {
  selectedRows = rows;
}

/**
 * What a command of the tree gets: the row it was called on, and all selected rows where that is one of them; nothing
 * where a key called it.
 */
export type TreeArguments = readonly [node?: TreeNode, nodes?: readonly TreeNode[]];

/** The objects a command is about; containers stand for their Pods. */
export function targetsOf(session: ClusterSession, where: TreeArguments): readonly Target[] {
  const cluster = session.current;
  if (cluster === undefined) return [];
  return chosenRows(where).flatMap((each) => {
    const found = objectNodeOf(each);
    if (found === undefined) return [];
    const { context, resource, object } = found;
    if (context !== cluster.context.name) {
      // Another one was opened while the row was looked at; nothing may happen to what is called the same there.
      const name = object.metadata.name ?? '';
      void vscode.window.showWarningMessage(
        vscode.l10n.t('"{0}" is of cluster "{1}", which is not open any more', name, context),
      );
      return [];
    }
    const { namespace, name = '' } = object.metadata;
    return [{ cluster, resource, object, name: { namespace, name } }];
  });
}

/** The names that the rows show, of objects and of containers. */
export function namesOf(where: TreeArguments): readonly string[] {
  return chosenRows(where).flatMap((row) => {
    if (row.type === 'container') return [row.name];
    return row.type === 'object' ? [row.object.metadata.name ?? ''] : [];
  });
}

function chosenRows([node, nodes]: TreeArguments): readonly TreeNode[] {
  if (nodes !== undefined && nodes.length > 0) return nodes;
  return node === undefined ? selectedRows() : [node];
}

function objectNodeOf(node: TreeNode): ObjectNode | undefined {
  if (node.type === 'object') return node;
  return node.type === 'container' ? node.pod : undefined;
}

/** The container a command was called on. */
export function containerOf([node]: TreeArguments): ContainerNode | undefined {
  const [row] = node === undefined ? selectedRows() : [node];
  return row?.type === 'container' ? row : undefined;
}

/** `deployment "web" in namespace "default"`. */
export function labelOf({ resource, name }: Pick<Target, 'resource' | 'name'>): string {
  const kind = resource.singular || resource.kind.toLowerCase();
  return name.namespace === undefined
    ? vscode.l10n.t('{0} "{1}"', kind, name.name)
    : vscode.l10n.t('{0} "{1}" in namespace "{2}"', kind, name.name, name.namespace);
}

/** Asks before something that cannot be taken back, naming the cluster. */
export async function confirm(question: string, action: string, detail?: string): Promise<boolean> {
  const options = { modal: true, ...(detail === undefined ? {} : { detail }) };
  return (await vscode.window.showWarningMessage(question, options, action)) === action;
}
