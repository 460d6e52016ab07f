import * as vscode from 'vscode';
import { useSelection } from '../commands/targets.ts';
import type { ClusterSession } from '../session/cluster-session.ts';
import { ClusterExplorer } from './cluster-explorer.ts';

/** The tree and what belongs to it alone. */
export function registerExplorer(context: vscode.ExtensionContext, session: ClusterSession): ClusterExplorer {
  const explorer = new ClusterExplorer(session);
  useSelection(() => explorer.selection);
  context.subscriptions.push(
    explorer,
    vscode.commands.registerCommand('wheelhouse.refresh', () => explorer.refresh()),
    vscode.commands.registerCommand('wheelhouse.filter', () => explorer.askForFilter()),
    vscode.commands.registerCommand('wheelhouse.clearFilter', () => explorer.setFilter('')),
  );
  return explorer;
}
