import * as vscode from 'vscode';
import { registerLanguage } from './language/register.ts';
import { registerSession } from './session/register.ts';

/** Only registers: what takes time begins when somebody asks for it. */
export function activate(context: vscode.ExtensionContext): void {
  const startedMs = performance.now();
  const log = vscode.window.createOutputChannel('Wheelhouse', { log: true });
  context.subscriptions.push(log);
  const session = registerSession(context, log);
  registerLanguage({ context, session, log });
  log.info(`Activated in ${(performance.now() - startedMs).toFixed(0)} ms`);
}
