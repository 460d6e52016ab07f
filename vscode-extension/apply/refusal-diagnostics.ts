import * as vscode from 'vscode';
import type { Manifest } from '../../core/client/manifests.ts';
import { refusedField } from '../../core/client/refused-field.ts';
import { reasonOf } from '../session/reason.ts';

/** What the server refused, at the place in the file that it means; until the file is changed. */
export class RefusalDiagnostics implements vscode.Disposable {
  readonly #collection = vscode.languages.createDiagnosticCollection('wheelhouse-server');
  readonly #onChange: vscode.Disposable;

  constructor() {
    this.#onChange = vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
      if (contentChanges.length > 0) this.clear(document.uri);
    });
  }

  show(uri: vscode.Uri, manifest: Manifest, error: unknown): void {
    const { line, column } = manifest.placeOf(refusedField(error));
    const start = new vscode.Position(line - 1, column - 1);
    // The editor ends it at the end of the line.
    const range = new vscode.Range(start, start.translate(0, 1_000));
    const diagnostic = new vscode.Diagnostic(range, reasonOf(error), vscode.DiagnosticSeverity.Error);
    diagnostic.source = 'wheelhouse';
    this.#collection.set(uri, [...(this.#collection.get(uri) ?? []), diagnostic]);
  }

  clear(uri: vscode.Uri): void {
    this.#collection.delete(uri);
  }

  dispose(): void {
    this.#onChange.dispose();
    this.#collection.dispose();
  }
}
