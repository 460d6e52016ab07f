import * as vscode from 'vscode';
import { isNotFound } from '../../core/api/errors.ts';
import { describeUri } from '../documents/describe-documents.ts';
import { resourceUri } from '../documents/resource-uri.ts';
import type { ClusterSession } from '../session/cluster-session.ts';
import { reasonOf } from '../session/reason.ts';
import { within } from '../session/within.ts';
import { dependentsText } from './dependents-text.ts';
import { attempt } from './failure.ts';
import { shortList } from './short-list.ts';
import { confirm, labelOf, namesOf, targetsOf, type Target, type TreeArguments } from './targets.ts';

/** What can be done with any object. */
export function registerObjectCommands(session: ClusterSession): vscode.Disposable {
  return vscode.Disposable.from(
    vscode.commands.registerCommand('wheelhouse.describe', async (...where: TreeArguments) => {
      for (const { cluster, resource, name } of targetsOf(session, where)) {
        const document = await vscode.workspace.openTextDocument(
          describeUri(cluster.context.name, resource, name),
        );
        await vscode.window.showTextDocument(document, { preview: true });
      }
    }),
    vscode.commands.registerCommand('wheelhouse.edit', async (...where: TreeArguments) => {
      for (const { cluster, resource, name } of targetsOf(session, where)) {
        await vscode.commands.executeCommand(
          'vscode.open',
          resourceUri(cluster.context.name, resource, name),
        );
      }
    }),
    vscode.commands.registerCommand('wheelhouse.copyName', async (...where: TreeArguments) => {
      const names = namesOf(where);
      if (names.length > 0) await vscode.env.clipboard.writeText(names.join('\n'));
    }),
    vscode.commands.registerCommand('wheelhouse.delete', (...where: TreeArguments) =>
      deleteObjects(targetsOf(session, where)),
    ),
  );
}

async function deleteObjects(targets: readonly Target[]): Promise<void> {
  const [first] = targets;
  if (first === undefined) return;
  const cluster = first.cluster.context.name;
  const question =
    targets.length === 1
      ? vscode.l10n.t('Delete {0} of cluster "{1}"?', labelOf(first), cluster)
      : vscode.l10n.t('Delete {0} objects of cluster "{1}"?', targets.length, cluster);
  const listed = targets.length === 1 ? [] : shortList(targets.map(labelOf));
  const dependents = await dependentsText(
    first.cluster,
    targets.map(({ object }) => object),
  );
  const detail = [...listed, dependents].filter((line) => line !== '').join('\n');
  const namespaces = targets.filter(({ resource }) => resource.kind === 'Namespace');
  if (!(await confirm(question, vscode.l10n.t('Delete'), detail))) return;
  for (const { name } of namespaces) if (!(await typesName(name.name))) return;
  const failures: string[] = [];
  for (const { cluster: open, resource, name } of targets) {
    try {
      await open.cluster.client.delete(resource, name, {
        propagationPolicy: 'Background',
        signal: within(open),
      });
    } catch (error) {
      if (!isNotFound(error)) failures.push(`${labelOf({ resource, name })}: ${reasonOf(error)}`);
    }
  }
  if (failures.length > 0)
    await attempt(vscode.l10n.t('delete'), () => Promise.reject(new Error(failures.join('\n'))));
}

/** A namespace takes everything in it along, so its name is to be typed. */
async function typesName(name: string): Promise<boolean> {
  const typed = await vscode.window.showInputBox({
    title: vscode.l10n.t('Delete namespace "{0}" and everything in it', name),
    prompt: vscode.l10n.t('Type the name of the namespace'),
  });
  return typed === name;
}
