import * as vscode from 'vscode';
import { namespaces } from '../../core/api/generated/resources.ts';
import { readKubeconfig } from '../../core/client/kubeconfig.ts';
import type { ClusterSession } from './cluster-session.ts';
import { wheelhouseContexts } from './kubeconfig-source.ts';

const listTimeoutMs = 10_000;

/** Lets the user choose among the contexts of `files`; undefined when nothing was chosen. */
export async function pickContext(
  files: readonly string[],
  session: ClusterSession,
): Promise<string | undefined> {
  const names = wheelhouseContexts(readKubeconfig(files));
  const { state } = session;
  const current = state.kind === 'none' ? undefined : state.context.name;
  const start = { label: vscode.l10n.t('$(add) Start a local cluster'), name: undefined };
  const items = names.map((name) => ({
    label: name,
    description: name === current ? vscode.l10n.t('open now') : '',
    name,
  }));
  const picked = await vscode.window.showQuickPick([...items, start], {
    title: vscode.l10n.t('Wheelhouse: Choose Cluster'),
    placeHolder: vscode.l10n.t('Contexts of {0}', files.join(', ')),
  });
  if (picked === start) await vscode.commands.executeCommand('wheelhouse.startLocalCluster');
  return picked?.name;
}

/** A namespace to show, or all of them. */
export interface NamespaceChoice {
  readonly namespace: string | undefined;
}

/** Whether a row of the tree said which one it means. */
export function isNamespaceChoice(row: object | undefined): row is NamespaceChoice {
  return row !== undefined && Object.hasOwn(row, 'namespace');
}

/** Lets the user choose what the views show. */
export async function pickNamespace(session: ClusterSession): Promise<NamespaceChoice | undefined> {
  const open = session.current;
  if (open === undefined) return undefined;
  const signal = AbortSignal.any([open.signal, AbortSignal.timeout(listTimeoutMs)]);
  const names = async () => {
    const { items } = await open.cluster.client.list(namespaces, { signal });
    return [
      { label: vscode.l10n.t('All namespaces'), namespace: undefined },
      ...items.map(({ metadata: { name = '' } }) => ({ label: name, namespace: name })),
    ];
  };
  return vscode.window.showQuickPick(names(), {
    title: vscode.l10n.t('Wheelhouse: Choose Namespace'),
    placeHolder: vscode.l10n.t('Namespaces of {0}', open.context.name),
  });
}
