import * as vscode from 'vscode';
import { restartWorkload } from '../../core/client/operations/rollouts.ts';
import type { CompareDocuments } from '../documents/compare-documents.ts';
import type { ClusterSession } from '../session/cluster-session.ts';
import { within } from '../session/within.ts';
import { attempt } from './failure.ts';
import { chooseRevision } from './rollback.ts';
import { confirm, labelOf, targetsOf, type Target, type TreeArguments } from './targets.ts';

/** Scale, restart, roll back. */
export function registerWorkloadCommands(
  session: ClusterSession,
  compare: CompareDocuments,
): vscode.Disposable {
  const each = (command: string, work: (target: Target) => Promise<void>) =>
    vscode.commands.registerCommand(command, async (...where: TreeArguments) => {
      for (const target of targetsOf(session, where)) await work(target);
    });
  return vscode.Disposable.from(
    each('wheelhouse.scale', scale),
    each('wheelhouse.restart', restart),
    each('wheelhouse.rollback', (target) => chooseRevision(target, compare)),
  );
}

async function scale(target: Target): Promise<void> {
  const { cluster, resource, object, name } = target;
  const now = (object as { spec?: { replicas?: number } }).spec?.replicas ?? 1;
  const text = await vscode.window.showInputBox({
    title: vscode.l10n.t('Scale {0} of cluster "{1}"', labelOf(target), cluster.context.name),
    prompt: vscode.l10n.t('How many Pods there shall be; now {0}', now),
    value: String(now),
    validateInput: (input) =>
      /^\d{1,6}$/.test(input) ? undefined : vscode.l10n.t('A whole number, 0 or more'),
  });
  if (text === undefined) return;
  const patch = [{ op: 'replace', path: '/spec/replicas', value: Number(text) }];
  await attempt(vscode.l10n.t('scale {0}', labelOf(target)), () =>
    cluster.cluster.client.patch(resource, name, 'json', patch, {
      subresource: 'scale',
      signal: within(cluster),
    }),
  );
}

async function restart(target: Target): Promise<void> {
  const { cluster, resource, name } = target;
  const question = vscode.l10n.t(
    'Restart all Pods of {0} of cluster "{1}"?',
    labelOf(target),
    cluster.context.name,
  );
  if (!(await confirm(question, vscode.l10n.t('Restart')))) return;
  await attempt(vscode.l10n.t('restart {0}', labelOf(target)), () =>
    restartWorkload(cluster.cluster.client, resource, name, Date.now(), { signal: within(cluster) }),
  );
}
