import * as vscode from 'vscode';
import {
  revisionsOf,
  rollingResource,
  type Revision,
  type RollingWorkload,
} from '../../core/client/operations/revisions.ts';
import { rollBack } from '../../core/client/operations/rollouts.ts';
import type { CompareDocuments } from '../documents/compare-documents.ts';
import { within } from '../session/within.ts';
import { attempt } from './failure.ts';
import { revisionRow, templateText } from './revision-texts.ts';
import { labelOf, type Target } from './targets.ts';

/**
 * The revisions of a workload as a list; the chosen one is shown beside what the workload says now, and only then,
 * and only if the user says so, the workload goes back to it.
 */
export async function chooseRevision(target: Target, compare: CompareDocuments): Promise<void> {
  const { cluster, resource, name } = target;
  const { client } = cluster.cluster;
  const doing = vscode.l10n.t('roll back {0}', labelOf(target));
  const found = await attempt(doing, async () => {
    const rolling = rollingResource(resource.group, resource.kind);
    if (rolling === undefined) throw new Error(vscode.l10n.t('no revisions are kept of {0}', resource.kind));
    const signal = within(cluster);
    const workload = await client.get(rolling, name, { signal });
    return { workload, revisions: await revisionsOf(client, workload, { signal }) };
  });
  if (found === undefined) return;
  const { workload, revisions } = found;
  const earlier = revisions.filter(({ current }) => !current);
  const nowMs = Date.now();
  const picked = await vscode.window.showQuickPick(
    revisions.toReversed().map((revision) => ({ ...revisionRow(revision, nowMs), revision })),
    {
      title: vscode.l10n.t('Roll back {0} of cluster "{1}"', labelOf(target), cluster.context.name),
      placeHolder:
        earlier.length > 0
          ? vscode.l10n.t('What to go back to; it is compared first')
          : vscode.l10n.t('There is no earlier revision'),
      matchOnDescription: true,
      matchOnDetail: true,
    },
  );
  if (picked === undefined) return;
  if (picked.revision.current) {
    const text = vscode.l10n.t('{0} runs revision {1} already', labelOf(target), picked.revision.number);
    void vscode.window.showInformationMessage(text);
    return;
  }
  await showRevision(target, workload, picked.revision, compare);
  if (!(await agreed(target, picked.revision))) return;
  const done = await attempt(doing, () =>
    rollBack(client, workload, picked.revision.number, { signal: within(cluster) }),
  );
  if (done !== undefined) void vscode.window.showInformationMessage(`${labelOf(target)}: ${done}`);
}

async function showRevision(
  { name }: Target,
  workload: RollingWorkload,
  { number, template }: Revision,
  compare: CompareDocuments,
): Promise<void> {
  const now = compare.add(`${name.name}.yaml`, templateText(workload.spec.template));
  const then = compare.add(`${name.name}.yaml`, templateText(template));
  const title = vscode.l10n.t('{0}: now ↔ revision {1}', name.name, number);
  await vscode.commands.executeCommand('vscode.diff', now, then, title, { preview: true });
}

/** Not modal, so that the comparison can be read and scrolled while it is asked. */
async function agreed(target: Target, { number }: Revision): Promise<boolean> {
  const action = vscode.l10n.t('Roll Back');
  const question = vscode.l10n.t(
    'Roll back {0} of cluster "{1}" to revision {2}?',
    labelOf(target),
    target.cluster.context.name,
    number,
  );
  return (await vscode.window.showWarningMessage(question, action, vscode.l10n.t('Cancel'))) === action;
}
