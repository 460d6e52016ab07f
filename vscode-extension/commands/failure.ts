import * as vscode from 'vscode';
import { StatusError } from '../../core/api/errors.ts';
import { sanitizeText } from '../../core/printers/sanitize.ts';

/** An error as a person reads it: what the server said, with the fields it objects to. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof StatusError))
    return sanitizeText(error instanceof Error ? error.message : String(error));
  const causes = (error.status.details?.causes ?? [])
    .filter(({ message = '' }) => !error.message.includes(message))
    .map(({ field, message }) => `${field ?? ''}: ${message ?? ''}`);
  return sanitizeText([error.message, ...causes].join('\n'));
}

/** Runs what may fail and says so where the user looks; resolves to undefined then. */
export async function attempt<T>(doing: string, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof vscode.CancellationError) return undefined;
    void vscode.window.showErrorMessage(vscode.l10n.t('Cannot {0}: {1}', doing, reasonOf(error)));
    return undefined;
  }
}

/** An AbortSignal for a token the user can cancel. */
export function signalOf(token: vscode.CancellationToken, ...others: readonly AbortSignal[]): AbortSignal {
  const controller = new AbortController();
  if (token.isCancellationRequested) controller.abort();
  token.onCancellationRequested(() => controller.abort(new vscode.CancellationError()));
  return AbortSignal.any([controller.signal, ...others]);
}
