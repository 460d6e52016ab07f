import * as vscode from 'vscode';
import { resourceUri } from '../../documents/resource-uri.ts';
import { definitionAt, type Definition } from '../definition/definition.ts';
import { outlineOf, type OutlineItem } from '../outline/outline.ts';
import { maxFileLength } from '../service/file-checker.ts';
import type { ManifestService } from './manifest-service.ts';
import { selector, toRange } from './ranges.ts';

/** Outline, breadcrumbs, and going from a name to what it names. */
export function registerNavigation(service: ManifestService): vscode.Disposable {
  return vscode.Disposable.from(
    vscode.languages.registerDocumentSymbolProvider(
      selector,
      { provideDocumentSymbols: (document) => symbolsOf(service, document) },
      { label: 'Wheelhouse' },
    ),
    vscode.languages.registerDefinitionProvider(selector, {
      provideDefinition: (document, position, token) => definitions(service, document, position, token),
    }),
  );
}

const symbolKinds = {
  object: vscode.SymbolKind.Class,
  map: vscode.SymbolKind.Struct,
  list: vscode.SymbolKind.Array,
  item: vscode.SymbolKind.Object,
} as const;

function symbolsOf(service: ManifestService, document: vscode.TextDocument): vscode.DocumentSymbol[] {
  if (document.getText().length > maxFileLength) return [];
  return service
    .checkerOf(document)
    .documents.flatMap(({ parsed, start }) =>
      outlineOf(parsed).map((item) => toSymbol(document, item, start)),
    );
}

function toSymbol(document: vscode.TextDocument, item: OutlineItem, start: number): vscode.DocumentSymbol {
  const symbol = new vscode.DocumentSymbol(
    item.name,
    item.detail,
    symbolKinds[item.kind],
    toRange(document, item.range, start),
    toRange(document, item.selection, start),
  );
  symbol.children = item.children.map((child) => toSymbol(document, child, start));
  return symbol;
}

async function definitions(
  service: ManifestService,
  document: vscode.TextDocument,
  position: vscode.Position,
  token: vscode.CancellationToken,
): Promise<vscode.LocationLink[]> {
  const at = service.at(document, position);
  if (at === undefined) return [];
  const { placed, offset } = at;
  const context = { document: placed.parsed, ...service.settings };
  const found = definitionAt(context, offset, service.known);
  if (found === undefined) return [];
  const origin = toRange(document, found.origin, placed.start);
  const links = found.targets.map((target) => linkTo(service, document, target, placed.start));
  const reached = await Promise.all(links);
  if (token.isCancellationRequested) return [];
  return reached.flatMap((link) => (link === undefined ? [] : [{ ...link, originSelectionRange: origin }]));
}

const top = new vscode.Range(0, 0, 0, 0);

async function linkTo(
  service: ManifestService,
  document: vscode.TextDocument,
  target: Definition,
  start: number,
): Promise<vscode.LocationLink | undefined> {
  switch (target.kind) {
    case 'here':
      return { targetUri: document.uri, targetRange: toRange(document, target.range, start) };
    case 'file': {
      const uri = vscode.Uri.parse(target.object.file);
      const opened = await vscode.workspace.openTextDocument(uri);
      return {
        targetUri: uri,
        targetRange: toRange(opened, target.object.range),
        targetSelectionRange: toRange(opened, target.object.nameRange),
      };
    }
    case 'live': {
      const current = service.session.current;
      const { group, kind, namespace, name } = target.id;
      const served = await current?.resources();
      const resource = served?.all.find((candidate) => candidate.group === group && candidate.kind === kind);
      if (current === undefined || resource === undefined) return undefined;
      return {
        targetUri: resourceUri(current.context.name, resource, { namespace, name }),
        targetRange: top,
      };
    }
  }
}
