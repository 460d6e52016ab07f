import * as vscode from 'vscode';
import { reasonOf } from '../session/reason.ts';

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
