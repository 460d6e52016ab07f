import type * as vscode from 'vscode';
import type { ClusterSession } from '../session/cluster-session.ts';

/** What language providers may use. */
export interface LanguageDependencies {
  readonly context: vscode.ExtensionContext;
  /** The open cluster, if any: its schemas (`openApi`), its objects (`client`, `informers`), what it serves. */
  readonly session: ClusterSession;
  readonly log: vscode.LogOutputChannel;
}

/** Registers every language provider for manifests; called once, at activation, so it must be quick. */
export function registerLanguage(_dependencies: LanguageDependencies): void {}
