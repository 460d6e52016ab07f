import * as vscode from 'vscode';

/**
 * Commands that are there at once, while what they do is loaded when the first of them is called.
 * @param load what it resolves to registers all of them, in place of the ones that wait
 */
export function registerOnDemand(
  commands: readonly string[],
  load: () => Promise<() => vscode.Disposable>,
): vscode.Disposable {
  let registered: Promise<vscode.Disposable> | undefined;
  const waiting = vscode.Disposable.from(
    ...commands.map((command) =>
      vscode.commands.registerCommand(command, async (...given: unknown[]) => {
        await (registered ??= replace());
        return vscode.commands.executeCommand(command, ...given);
      }),
    ),
  );
  const replace = async () => {
    try {
      const register = await load();
      waiting.dispose();
      return register();
    } catch (error) {
      // What could not be loaded may be there the next time.
      registered = undefined;
      throw error;
    }
  };
  return {
    dispose: () => {
      waiting.dispose();
      registered?.then(
        (loaded) => loaded.dispose(),
        () => undefined,
      );
    },
  };
}
