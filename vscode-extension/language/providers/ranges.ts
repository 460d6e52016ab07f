import * as vscode from 'vscode';
import type { TextEdit } from '../checks/problem.ts';
import type { Range } from '../syntax/nodes.ts';

/** Documents of which the language knows something. */
export const selector: vscode.DocumentSelector = [{ language: 'yaml' }, { language: 'helm' }];

export function isManifest(document: vscode.TextDocument): boolean {
  return vscode.languages.match(selector, document) > 0;
}

/** @param by where the range's document begins in the file */
export function toRange(document: vscode.TextDocument, { start, end }: Range, by = 0): vscode.Range {
  return new vscode.Range(document.positionAt(start + by), document.positionAt(end + by));
}

export function workspaceEdit(
  document: vscode.TextDocument,
  edits: readonly TextEdit[],
): vscode.WorkspaceEdit {
  const edit = new vscode.WorkspaceEdit();
  edit.set(
    document.uri,
    edits.map(({ range, text }) => vscode.TextEdit.replace(toRange(document, range), text)),
  );
  return edit;
}
