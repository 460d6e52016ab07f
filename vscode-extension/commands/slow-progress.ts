import * as vscode from 'vscode';

/** Longer than a few objects take as a rule. */
const quickMs = 500;

/** How far the work is; `increment` in percent of the whole. */
export interface Step {
  readonly message: string;
  readonly increment: number;
}

/**
 * Work that tells how far it is, and can be cancelled, where it takes a while. What is done sooner shows no message: one
 * that only flickers tells nobody anything, and of several that come at once the editor leaves the last ones out.
 *
 * @throws what `work` throws; vscode.CancellationError where it was cancelled and `work` heeds its signal
 */
export async function slowProgress<T>(
  title: string,
  signal: AbortSignal,
  work: (signal: AbortSignal, tell: (step: Step) => void) => Promise<T>,
): Promise<T> {
  const cancelled = new AbortController();
  const untold = { message: '', increment: 0 };
  let show = () => {};
  const working = work(AbortSignal.any([signal, cancelled.signal]), ({ message, increment }) => {
    untold.message = message;
    untold.increment += increment;
    show();
  });
  const location = vscode.ProgressLocation.Notification;
  const start = () =>
    void vscode.window.withProgress({ location, title, cancellable: true }, async (progress, token) => {
      token.onCancellationRequested(() => cancelled.abort(new vscode.CancellationError()));
      show = () => {
        progress.report({ ...untold });
        untold.increment = 0;
      };
      show();
      // Whoever waits for the work hears of its failure.
      await working.catch(() => undefined);
    });
  const timer = setTimeout(start, quickMs);
  try {
    return await working;
  } finally {
    clearTimeout(timer);
  }
}
