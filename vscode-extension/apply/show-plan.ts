import * as vscode from 'vscode';
import type { CompareDocuments } from '../documents/compare-documents.ts';
import { reasonOf } from '../session/reason.ts';
import type { PlannedObject } from './apply-plan.ts';
import { objectText } from './result-texts.ts';

/** What would change, side by side: one diff, or one of several files. */
export async function showDifferences(
  planned: readonly PlannedObject[],
  compare: CompareDocuments,
  title: string,
): Promise<void> {
  const sides = planned.flatMap((object) => {
    if (object.outcome === 'refused' || object.outcome === 'unchanged') return [];
    const { name } = object.name;
    const file = `${(object.manifest.object.kind ?? 'object').toLowerCase()}-${name}.yaml`;
    return [{ live: compare.add(file, object.before), wanted: compare.add(file, object.after) }];
  });
  const [only] = sides;
  if (only === undefined) return;
  if (sides.length === 1) {
    await vscode.commands.executeCommand('vscode.diff', only.live, only.wanted, title, { preview: true });
  } else {
    const rows = sides.map(({ live, wanted }) => [wanted, live, wanted]);
    await vscode.commands.executeCommand('vscode.changes', title, rows);
  }
}

interface PlanItem extends vscode.QuickPickItem {
  readonly planned: PlannedObject;
}

/**
 * Lets the user choose what to apply; the differences stay visible beside it. Resolves to undefined when nothing is
 * to happen.
 */
export function choosePlanned(
  planned: readonly PlannedObject[],
  title: string,
): Promise<readonly PlannedObject[] | undefined> {
  const picker = vscode.window.createQuickPick<PlanItem>();
  picker.title = title;
  picker.placeholder = vscode.l10n.t('Enter applies what is ticked; Escape changes nothing');
  picker.canSelectMany = true;
  picker.ignoreFocusOut = true;
  picker.items = planned.map((object) => itemOf(object));
  picker.selectedItems = picker.items.filter(
    ({ planned: { outcome } }) => outcome === 'create' || outcome === 'change',
  );
  return new Promise((resolve) => {
    picker.onDidAccept(() => {
      resolve(picker.selectedItems.map((item) => item.planned));
      picker.hide();
    });
    picker.onDidHide(() => {
      resolve(undefined);
      picker.dispose();
    });
    picker.show();
  });
}

function itemOf(planned: PlannedObject): PlanItem {
  const { namespace } = planned.name;
  const item = { label: objectText(planned), description: namespace ?? '', planned };
  switch (planned.outcome) {
    case 'create':
      return { ...item, label: `$(add) ${item.label}`, detail: vscode.l10n.t('is created') };
    case 'change':
      return {
        ...item,
        label: `$(edit) ${item.label}`,
        detail: withImpact(vscode.l10n.t('is changed'), planned.impact),
      };
    case 'unchanged':
      return { ...item, label: `$(pass) ${item.label}`, detail: vscode.l10n.t('stays as it is') };
    case 'conflict': {
      const fields = planned.conflicts.map(({ field, why }) => `${field} (${why})`).join(', ');
      const detail = vscode.l10n.t('others own what it changes: {0}', fields);
      return { ...item, label: `$(warning) ${item.label}`, detail: withImpact(detail, planned.impact) };
    }
    case 'refused':
      return {
        ...item,
        label: `$(error) ${item.label}`,
        detail: withImpact(
          vscode.l10n.t('is refused: {0}', reasonOf(planned.error)),
          remedyOf(planned.error),
        ),
      };
  }
}

function withImpact(text: string, impact: readonly string[]): string {
  return [text, ...impact].join(' · ');
}

/** What can be done about a refusal that no other manifest would change. */
function remedyOf(error: unknown): readonly string[] {
  return /immutable|updates to \w+ spec for fields other than/.test(reasonOf(error))
    ? [vscode.l10n.t('only deleting it and applying again changes that')]
    : [];
}
