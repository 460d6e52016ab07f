import * as vscode from 'vscode';
import { registerApplyCommands } from '../apply/apply-commands.ts';
import type { RefusalDiagnostics } from '../apply/refusal-diagnostics.ts';
import type { CompareDocuments } from '../documents/compare-documents.ts';
import { registerLogCommands } from '../logs/log-commands.ts';
import type { ClusterSession } from '../session/cluster-session.ts';
import { registerTerminalCommands } from '../terminals/terminal-commands.ts';
import { registerNodeCommands } from './node-commands.ts';
import { registerObjectCommands } from './object-commands.ts';
import { registerPortForward } from './port-forward.ts';
import { registerWorkloadCommands } from './workload-commands.ts';

export interface ActionDependencies {
  readonly session: ClusterSession;
  readonly compare: CompareDocuments;
  readonly refusals: RefusalDiagnostics;
  readonly log: vscode.LogOutputChannel;
}

/** All that menus and the palette do to objects and manifests. Loaded when the first of it is asked for. */
export function registerActions(dependencies: ActionDependencies): vscode.Disposable {
  const { session, compare, log } = dependencies;
  return vscode.Disposable.from(
    registerObjectCommands(session),
    registerWorkloadCommands(session, compare),
    registerNodeCommands(session),
    registerPortForward(session, log),
    registerLogCommands(session),
    registerTerminalCommands(session),
    registerApplyCommands(dependencies),
  );
}
