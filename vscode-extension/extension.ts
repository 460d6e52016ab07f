import * as vscode from 'vscode';
import { RefusalDiagnostics } from './apply/refusal-diagnostics.ts';
import { actionNames } from './commands/action-names.ts';
import { registerOnDemand } from './commands/on-demand.ts';
import { CompareDocuments } from './documents/compare-documents.ts';
import { DescribeDocuments } from './documents/describe-documents.ts';
import { ObjectFilesOnDemand } from './documents/object-files-on-demand.ts';
import { registerExplorer } from './explorer/register.ts';
import { useTranslation } from './language/l10n.ts';
import { registerLanguage } from './language/register.ts';
import { registerSession } from './session/register.ts';

/** Only registers: what takes time begins when somebody asks for it. */
export function activate(context: vscode.ExtensionContext): void {
  const startedMs = performance.now();
  useTranslation((message, ...args) => vscode.l10n.t(message, ...args));
  const log = vscode.window.createOutputChannel('Wheelhouse', { log: true });
  const session = registerSession(context, log);
  registerExplorer(context, session);
  const compare = new CompareDocuments();
  const refusals = new RefusalDiagnostics();
  context.subscriptions.push(
    new DescribeDocuments(session),
    compare,
    refusals,
    new ObjectFilesOnDemand(async () => {
      const { ObjectFiles } = await import('./documents/object-files.ts');
      return new ObjectFiles(session, compare, refusals);
    }),
    registerOnDemand(actionNames, async () => {
      const { registerActions } = await import('./commands/actions.ts');
      return () => registerActions({ session, compare, refusals, log });
    }),
  );
  registerLanguage({ context, session, log });
  // Last, because what is disposed of before it may still have something to say.
  context.subscriptions.push(log);
  const side = context.extension.extensionKind === vscode.ExtensionKind.Workspace ? 'workspace' : 'UI';
  const tookMs = (performance.now() - startedMs).toFixed(0);
  log.info(`Activated in ${tookMs} ms, on the ${side} side, in process ${process.pid}`);
}
