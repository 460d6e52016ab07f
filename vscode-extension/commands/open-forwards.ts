import * as vscode from 'vscode';
import type { Openings } from '../session/while-open.ts';
import type { PortForward } from './port-forwarder.ts';

/** The ports that are forwarded now, counted in the status bar; a click there stops one. */
export class OpenForwards implements vscode.Disposable {
  readonly #forwards = new Set<PortForward>();
  readonly #item: vscode.StatusBarItem;
  readonly #endListening: () => void;

  constructor(session: Openings) {
    this.#item = vscode.window.createStatusBarItem('wheelhouse.ports', vscode.StatusBarAlignment.Left, 9);
    this.#item.name = vscode.l10n.t('Wheelhouse Forwarded Ports');
    this.#item.command = 'wheelhouse.stopPortForward';
    this.#endListening = session.onClusterChange(() => this.show());
  }

  /** Until it is closed, by whomever. */
  add(forward: PortForward): void {
    this.#forwards.add(forward);
    this.show();
    const forget = () => {
      this.#forwards.delete(forward);
      this.show();
    };
    forward.closed.addEventListener('abort', forget, { once: true });
  }

  async askWhichToStop(): Promise<void> {
    const rows = [...this.#forwards].map((forward) => ({
      label: `localhost:${forward.port}`,
      description: forward.destination,
      ...(forward.isWell ? {} : { detail: forward.text }),
      forward,
    }));
    const picked = await vscode.window.showQuickPick(rows, {
      title: vscode.l10n.t('Stop forwarding'),
      placeHolder: rows.length === 0 ? vscode.l10n.t('No port is forwarded') : '',
      matchOnDescription: true,
    });
    picked?.forward.close();
  }

  dispose(): void {
    this.#endListening();
    for (const forward of this.#forwards) forward.close();
    this.#item.dispose();
  }

  /** Shows how they stand now. */
  show(): void {
    const forwards = [...this.#forwards];
    if (forwards.length === 0) return this.#item.hide();
    const icon = forwards.every(({ isWell }) => isWell) ? 'plug' : 'debug-disconnect';
    this.#item.text = `$(${icon}) ${forwards.length}`;
    this.#item.tooltip = forwards.map(({ text }) => text).join('\n');
    this.#item.show();
  }
}
