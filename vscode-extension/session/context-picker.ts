import * as vscode from 'vscode';
import { StatusError } from '../../core/api/errors.ts';
import { namespaces } from '../../core/api/generated/resources.ts';
import { readKubeconfig } from '../../core/client/kubeconfig.ts';
import type { ClusterSession, OpenCluster } from './cluster-session.ts';
import { wheelhouseContexts } from './kubeconfig-source.ts';

const listTimeoutMs = 10_000;

/** Lets the user choose among the contexts of `files`; undefined when nothing was chosen. */
export async function pickContext(
  files: readonly string[],
  session: ClusterSession,
): Promise<string | undefined> {
  const names = wheelhouseContexts(readKubeconfig(files));
  const { state } = session;
  const current = 'context' in state ? state.context.name : undefined;
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

/** Lets the user choose what the views show; who may not list namespaces names one that is not known. */
export async function pickNamespace(session: ClusterSession): Promise<NamespaceChoice | undefined> {
  const open = session.current;
  if (open === undefined) return undefined;
  const { t } = vscode.l10n;
  const title = t('Wheelhouse: Choose Namespace');
  const another = { label: t('$(edit) Another namespace…'), namespace: undefined };
  const rows = async () => {
    const found = await namespaceNames(open);
    const known = found ?? new Set([open.context.namespace, session.defaultNamespace]);
    return [
      { label: t('All namespaces'), namespace: undefined },
      ...[...known].map((name) => ({ label: name, namespace: name })),
      ...(found === undefined ? [another] : []),
    ];
  };
  const placeHolder = t('Namespaces of {0}', open.context.name);
  const picked = await vscode.window.showQuickPick(rows(), { title, placeHolder });
  if (picked !== another) return picked;
  const namespace = await vscode.window.showInputBox({ title, prompt: t('Name of the namespace') });
  return namespace === undefined || namespace === '' ? undefined : { namespace };
}

/** Undefined for those who may not see them. */
async function namespaceNames({ cluster, signal }: OpenCluster): Promise<Iterable<string> | undefined> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(listTimeoutMs)]);
  try {
    const { items } = await cluster.client.list(namespaces, { signal: limit });
    return items.map(({ metadata: { name = '' } }) => name);
  } catch (error) {
    if (error instanceof StatusError && error.reason === 'Forbidden') return undefined;
    throw error;
  }
}
