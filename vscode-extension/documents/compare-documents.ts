import * as vscode from 'vscode';

export const compareScheme = 'wheelhouse-compare';
/** Texts that are kept; those of closed editors make room for new ones. */
const mostKept = 500;

/** Texts that exist only to be compared: one side, or both, of a diff. */
export class CompareDocuments implements vscode.Disposable {
  readonly #texts = new Map<string, string>();
  readonly #registration: vscode.Disposable;
  #count = 0;

  constructor() {
    this.#registration = vscode.workspace.registerTextDocumentContentProvider(compareScheme, {
      provideTextDocumentContent: (uri) => this.#texts.get(uri.toString()) ?? '',
    });
  }

  /** A read-only document; `name` is shown on its tab and chooses its language. */
  add(name: string, text: string): vscode.Uri {
    const path = `/${this.#count++}/${name}`;
    const uri = vscode.Uri.from({ scheme: compareScheme, path });
    this.#texts.set(uri.toString(), text);
    for (const oldest of this.#texts.keys()) {
      if (this.#texts.size <= mostKept) break;
      this.#texts.delete(oldest);
    }
    return uri;
  }

  dispose(): void {
    this.#registration.dispose();
  }
}
