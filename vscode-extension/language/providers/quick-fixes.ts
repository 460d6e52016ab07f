import * as vscode from 'vscode';
import type { Problem } from '../checks/problem.ts';
import { selector, toRange, workspaceEdit } from './ranges.ts';

/** Knows what was found in a document as it is now. */
interface Finder {
  problemsOf(document: vscode.TextDocument): readonly Problem[];
}

/** Offers what would mend the problems at the cursor. */
export function registerQuickFixes(finders: readonly Finder[]): vscode.Disposable {
  return vscode.languages.registerCodeActionsProvider(
    selector,
    {
      provideCodeActions: (document, range, { diagnostics }) =>
        finders
          .flatMap((finder) => finder.problemsOf(document))
          .flatMap((problem) => actionsFor(document, problem, range, diagnostics)),
    },
    { providedCodeActionKinds: [vscode.CodeActionKind.QuickFix] },
  );
}

function actionsFor(
  document: vscode.TextDocument,
  { range, code, fixes = [] }: Problem,
  wanted: vscode.Range,
  diagnostics: readonly vscode.Diagnostic[],
): vscode.CodeAction[] {
  const place = toRange(document, range);
  if (fixes.length === 0 || place.intersection(wanted) === undefined) return [];
  const mended = diagnostics.filter(
    (diagnostic) => diagnostic.code === code && diagnostic.range.isEqual(place),
  );
  return fixes.map(({ title, edits }, index) => {
    const action = new vscode.CodeAction(title, vscode.CodeActionKind.QuickFix);
    action.edit = workspaceEdit(document, edits);
    action.diagnostics = [...mended];
    // The first is what was most likely meant; where there are several likes, nobody knows.
    action.isPreferred = index === 0 && code !== 'selector';
    return action;
  });
}
