import * as vscode from 'vscode';
import { KeptTexts } from './kept-texts.ts';

export const compareScheme = 'wheelhouse-compare';
/** Of texts that are kept; old ones make room, and a comparison of a thousand objects is no old one. */
const mostCharacters = 64_000_000;

/** Texts that exist only to be compared: one side, or both, of a diff. */
export class CompareDocuments implements vscode.Disposable {
  readonly #texts = new KeptTexts(mostCharacters);
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
    this.#texts.add(uri.toString(), text);
    return uri;
  }

  dispose(): void {
    this.#registration.dispose();
  }
}
