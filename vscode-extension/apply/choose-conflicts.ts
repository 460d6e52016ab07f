import * as vscode from 'vscode';
import { shortValue } from './conflict-texts.ts';
import type { FieldConflict, PlannedObject } from './apply-plan.ts';
import { placedText } from './result-texts.ts';

/**
 * Lets the user say, field by field, what is taken over from others; nothing is unless it is ticked. Resolves to
 * undefined when nothing is to happen at all.
 */
export async function chooseTakenOver(
  chosen: readonly PlannedObject[],
  title: string,
): Promise<ReadonlySet<FieldConflict> | undefined> {
  const items = chosen.flatMap((planned) =>
    planned.outcome === 'conflict' ? planned.conflicts.map((conflict) => itemOf(planned, conflict)) : [],
  );
  if (items.length === 0) return new Set();
  const picked = await vscode.window.showQuickPick(items, {
    title,
    placeHolder: vscode.l10n.t('Tick what you take over; the rest stays as its owners have it'),
    canPickMany: true,
    ignoreFocusOut: true,
    matchOnDescription: true,
    matchOnDetail: true,
  });
  return picked === undefined ? undefined : new Set(picked.map(({ conflict }) => conflict));
}

function itemOf(
  planned: PlannedObject,
  conflict: FieldConflict,
): vscode.QuickPickItem & { readonly conflict: FieldConflict } {
  const { field, why, theirs, yours } = conflict;
  const isSecret = planned.manifest.object.kind === 'Secret';
  return {
    label: `${placedText(planned)} ${field}`,
    description: isSecret
      ? ''
      : vscode.l10n.t('theirs: {0} · yours: {1}', shortValue(theirs), shortValue(yours)),
    detail: why,
    conflict,
  };
}
