import * as vscode from 'vscode';
import { complete } from '../completion/complete.ts';
import type { Completion } from '../completion/completion.ts';
import type { ManifestService } from './manifest-service.ts';
import { selector, toRange } from './ranges.ts';

const kinds = {
  field: vscode.CompletionItemKind.Field,
  'required-field': vscode.CompletionItemKind.Property,
  value: vscode.CompletionItemKind.EnumMember,
  kind: vscode.CompletionItemKind.Class,
  reference: vscode.CompletionItemKind.Reference,
  snippet: vscode.CompletionItemKind.Snippet,
} as const;

export function registerCompletions(service: ManifestService): vscode.Disposable {
  return vscode.languages.registerCompletionItemProvider(
    selector,
    {
      provideCompletionItems(document, position, _token, { triggerCharacter }) {
        const at = service.at(document, position);
        if (at === undefined) return undefined;
        // A space begins a value; in front of a line it is only indentation.
        if (triggerCharacter === ' ' && !/[:-] $/.test(textBefore(document, position))) return undefined;
        const { placed, offset } = at;
        const context = { ...service.settings, known: service.known };
        const found = complete(placed.text, offset, context, (text) => placed.parseInstead(text));
        return found.map((completion) => toItem(document, completion, placed.start));
      },
    },
    ' ',
  );
}

function textBefore(document: vscode.TextDocument, position: vscode.Position): string {
  return document.lineAt(position).text.slice(0, position.character);
}

function toItem(
  document: vscode.TextDocument,
  { label, kind, snippet, replace, detail, documentation, sort, asksForMore }: Completion,
  start: number,
): vscode.CompletionItem {
  const item = new vscode.CompletionItem(label, kinds[kind]);
  item.insertText = new vscode.SnippetString(snippet);
  item.range = toRange(document, replace, start);
  item.sortText = sort;
  // Every line carries its own indentation already.
  item.keepWhitespace = true;
  if (detail !== undefined) item.detail = detail;
  if (documentation !== undefined) item.documentation = new vscode.MarkdownString(documentation);
  if (asksForMore === true)
    item.command = { command: 'editor.action.triggerSuggest', title: vscode.l10n.t('Suggest') };
  return item;
}
