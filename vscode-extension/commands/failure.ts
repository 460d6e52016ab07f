import * as vscode from 'vscode';
import { reasonOf } from '../session/reason.ts';

/** Runs what may fail and says so where the user looks; resolves to undefined then. */
export async function attempt<T>(doing: string, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (isCancelled(error)) return undefined;
    void vscode.window.showErrorMessage(vscode.l10n.t('Cannot {0}: {1}', doing, reasonOf(error)));
    return undefined;
  }
}

/** The user did not want it any more. What ran then says so in its own words, with that as the cause. */
export function isCancelled(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if (cause instanceof vscode.CancellationError) return true;
  return false;
}

/** An AbortSignal for a token the user can cancel. */
export function signalOf(token: vscode.CancellationToken, ...others: readonly AbortSignal[]): AbortSignal {
  const controller = new AbortController();
  const cancel = () => controller.abort(new vscode.CancellationError());
  if (token.isCancellationRequested) cancel();
  token.onCancellationRequested(cancel);
  return AbortSignal.any([controller.signal, ...others]);
}
