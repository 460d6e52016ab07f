import * as vscode from 'vscode';
import type { ClusterSession } from '../session/cluster-session.ts';
import { reasonOf } from '../session/reason.ts';
import type { Language } from './providers/start.ts';

/** What language providers may use. */
export interface LanguageDependencies {
  readonly context: vscode.ExtensionContext;
  /** The open cluster, if any: its schemas (`openApi`), its objects (`client`, `informers`), what it serves. */
  readonly session: ClusterSession;
  readonly log: vscode.LogOutputChannel;
}

/**
 * Registers what manifests need; called once, at activation, so it must be quick: the schemas and everything that
 * reads them are loaded when the first manifest is open.
 */
export function registerLanguage(dependencies: LanguageDependencies): void {
  const { context, log } = dependencies;
  let started: Promise<Language> | undefined;
  const start = (): Promise<Language> => {
    started ??= import('./providers/start.ts').then(({ startLanguage }) => {
      const language = startLanguage(dependencies);
      context.subscriptions.push(language);
      return language;
    });
    return started;
  };
  const startWith = ({ languageId }: vscode.TextDocument) => {
    if (languageId !== 'yaml' && languageId !== 'helm') return;
    opening.dispose();
    start().catch((error: unknown) => log.error(`Cannot check manifests: ${reasonOf(error)}`));
  };
  const opening = vscode.workspace.onDidOpenTextDocument(startWith);
  context.subscriptions.push(
    opening,
    vscode.commands.registerCommand('wheelhouse.dryRun', async () => (await start()).dryRun()),
  );
  // Activation itself is over before the language is loaded.
  setTimeout(() => vscode.workspace.textDocuments.forEach(startWith), 0);
}
