import * as vscode from 'vscode';
import type { ClusterSession, SessionState } from './cluster-session.ts';
import { contextColor } from './context-color.ts';

/** The cluster in the status bar, in its colour; a click chooses another. */
export function showStatusBar(session: ClusterSession): vscode.Disposable {
  const item = vscode.window.createStatusBarItem('wheelhouse.cluster', vscode.StatusBarAlignment.Left, 10);
  item.name = vscode.l10n.t('Wheelhouse Cluster');
  item.command = 'wheelhouse.chooseContext';
  const draw = () => drawState(item, session.state, session.namespace);
  draw();
  const configured = vscode.workspace.onDidChangeConfiguration((event) => {
    if (event.affectsConfiguration('wheelhouse.contextColors')) draw();
  });
  const ends = [session.onStateChange(draw), session.onNamespaceChange(draw)];
  return vscode.Disposable.from(item, configured, { dispose: () => ends.forEach((end) => end()) });
}

function drawState(item: vscode.StatusBarItem, state: SessionState, namespace: string | undefined): void {
  item.backgroundColor = undefined;
  item.color = undefined;
  // For the moment in which a window begins, nobody knows whether there is a cluster.
  if (state.kind === 'unread') return item.hide();
  item.show();
  if (state.kind === 'none') {
    item.text = vscode.l10n.t('$(server-environment) No cluster');
    item.tooltip = state.why ?? vscode.l10n.t('Choose a cluster');
    return;
  }
  const { name } = state.context;
  const shown = namespace === undefined ? name : `${name}/${namespace}`;
  const settings = vscode.workspace.getConfiguration('wheelhouse');
  const colors = settings.get<Record<string, string>>('contextColors', {});
  item.color = new vscode.ThemeColor(`charts.${contextColor(name, colors)}`);
  switch (state.kind) {
    case 'connecting':
      item.text = `$(loading~spin) ${shown}`;
      item.tooltip = vscode.l10n.t('Connecting to {0} at {1}', name, state.context.endpoint);
      break;
    case 'connected':
      item.text = `$(server-environment) ${shown}`;
      item.tooltip = vscode.l10n.t(
        'Cluster {0} at {1}: Wheelhouse {2}, Kubernetes API {3}',
        name,
        state.context.endpoint,
        state.version.wheelhouseVersion,
        state.version.gitVersion,
      );
      break;
    case 'unavailable':
      item.text = `$(debug-disconnect) ${shown}`;
      item.tooltip = vscode.l10n.t('Cluster {0} is not available: {1}', name, state.why);
      item.backgroundColor = new vscode.ThemeColor('statusBarItem.warningBackground');
      item.color = undefined;
      break;
  }
}
