import * as vscode from 'vscode';
import { compareScheme } from '../documents/compare-documents.ts';
import { findActions } from '../language/syntax/templates.ts';
import { ManifestError, manifestsOf, type Manifest } from '../../core/client/manifests.ts';

/** A manifest and the file it stands in. */
export interface SourcedManifest {
  readonly uri: vscode.Uri;
  readonly manifest: Manifest;
}

const manifestFile = /\.(ya?ml|json)$/;
const mostFiles = 1_000;
const mostBytes = 16_000_000;
/** Of all files together. */
const mostTogether = 64_000_000;

/** The files to work on: those of the explorer's selection, otherwise the one in the active editor. */
export function chosenUris(
  uri: vscode.Uri | undefined,
  uris: readonly vscode.Uri[] | undefined,
): readonly vscode.Uri[] {
  if (uris !== undefined && uris.length > 0) return uris;
  const active = uri ?? vscode.window.activeTextEditor?.document.uri;
  if (active?.scheme === compareScheme) {
    // It says everything that the cluster would keep, not what somebody wrote.
    throw new Error(vscode.l10n.t('this is a comparison; go to the manifest first'));
  }
  return active === undefined ? [] : [active];
}

/** Every object of files and folders, as the editor has them, saved or not. Everything is read before any is used. */
export async function readManifests(uris: readonly vscode.Uri[]): Promise<readonly SourcedManifest[]> {
  const manifests: SourcedManifest[] = [];
  let characters = 0;
  for (const uri of await filesOf(uris)) {
    const text = await textOf(uri);
    characters += text.length;
    if (characters > mostTogether)
      throw new Error(
        vscode.l10n.t('These files are too large together: at most {0} bytes are read', mostTogether),
      );
    manifests.push(...(await parse(uri, text)));
  }
  return manifests;
}

/** The objects of the selected lines, or of the document of a file the cursor stands in. */
export async function readSelection(editor: vscode.TextEditor): Promise<readonly SourcedManifest[]> {
  const { document, selection } = editor;
  const { start, end } = selection.isEmpty ? documentAround(document, selection.active.line) : selection;
  const lines = new vscode.Range(start.line, 0, end.line, document.lineAt(end.line).text.length);
  // Lines above stay, empty, so that places in the text are places in the file.
  return parse(document.uri, '\n'.repeat(start.line) + document.getText(lines));
}

async function parse(uri: vscode.Uri, text: string): Promise<readonly SourcedManifest[]> {
  try {
    return manifestsOf(text, vscode.workspace.asRelativePath(uri)).map((manifest) => ({ uri, manifest }));
  } catch (error) {
    if (error instanceof ManifestError) {
      const { line, column } = error.place;
      const at = new vscode.Position(line - 1, column - 1);
      await vscode.window.showTextDocument(uri, { selection: new vscode.Range(at, at) });
      if (findActions(text).length > 0) {
        const file = vscode.workspace.asRelativePath(uri);
        throw new Error(vscode.l10n.t('{0} is a template: what is rendered from it can be applied', file), {
          cause: error,
        });
      }
    }
    throw error;
  }
}

function documentAround(
  document: vscode.TextDocument,
  line: number,
): { start: vscode.Position; end: vscode.Position } {
  const separates = (at: number) => /^---(\s|$)/.test(document.lineAt(at).text);
  let first = line;
  while (first > 0 && !separates(first)) first--;
  let last = line + 1;
  while (last < document.lineCount && !separates(last)) last++;
  return { start: new vscode.Position(first, 0), end: new vscode.Position(last - 1, 0) };
}

async function textOf(uri: vscode.Uri): Promise<string> {
  const open = vscode.workspace.textDocuments.find((each) => each.uri.toString() === uri.toString());
  if (open !== undefined) return open.getText();
  const bytes = await vscode.workspace.fs.readFile(uri);
  if (bytes.length > mostBytes) {
    throw new Error(vscode.l10n.t('{0} is too large: at most {1} bytes are read', uri.fsPath, mostBytes));
  }
  return Buffer.from(bytes).toString('utf8');
}

async function filesOf(uris: readonly vscode.Uri[]): Promise<readonly vscode.Uri[]> {
  // A file may be chosen beside a folder that it is in.
  const files = new Map<string, vscode.Uri>();
  const waiting = [...uris];
  for (let uri = waiting.shift(); uri !== undefined; uri = waiting.shift()) {
    // A document that was never saved is no file yet.
    if (
      uri.scheme === 'untitled' ||
      // What was chosen may be a link to a folder.
      ((await vscode.workspace.fs.stat(uri)).type & vscode.FileType.Directory) === 0
    ) {
      files.set(uri.toString(), uri);
    } else {
      const entries = await vscode.workspace.fs.readDirectory(uri);
      for (const [name, type] of entries.sort(([a], [b]) => (a < b ? -1 : 1))) {
        const child = vscode.Uri.joinPath(uri, name);
        if (type === vscode.FileType.Directory && !name.startsWith('.') && name !== 'node_modules')
          waiting.push(child);
        if (type === vscode.FileType.File && manifestFile.test(name)) files.set(child.toString(), child);
      }
    }
    if (files.size > mostFiles) throw new Error(vscode.l10n.t('There are more than {0} files', mostFiles));
  }
  return [...files.values()];
}
