import * as vscode from 'vscode';
import type { Deployment } from '../../core/api/generated/apps-v1.ts';
import { deployments } from '../../core/api/generated/resources.ts';
import { describePodTemplate } from '../../core/printers/describe/pod-template.ts';
import { restartWorkload, revisionsOf, rollBack } from '../../core/client/operations/rollouts.ts';
import type { ClusterSession } from '../session/cluster-session.ts';
import { attempt } from './failure.ts';
import { confirm, labelOf, targetsOf, type Target, type TreeArguments } from './targets.ts';

/** Scale, restart, roll back. */
export function registerWorkloadCommands(session: ClusterSession): vscode.Disposable {
  const each = (command: string, work: (target: Target) => Promise<void>) =>
    vscode.commands.registerCommand(command, async (...where: TreeArguments) => {
      for (const target of targetsOf(session, where)) await work(target);
    });
  return vscode.Disposable.from(
    each('wheelhouse.scale', scale),
    each('wheelhouse.restart', restart),
    each('wheelhouse.rollback', chooseRevision),
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
      signal: cluster.signal,
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
    restartWorkload(cluster.cluster.client, resource, name, Date.now(), { signal: cluster.signal }),
  );
}

/** Lets the user choose among the revisions, with what each of them ran. */
async function chooseRevision(target: Target): Promise<void> {
  const { cluster, name } = target;
  const { client } = cluster.cluster;
  const doing = vscode.l10n.t('roll back {0}', labelOf(target));
  const found = await attempt(doing, async () => {
    const deployment = await client.get(deployments, name, { signal: cluster.signal });
    return { deployment, revisions: await revisionsOf(client, deployment, { signal: cluster.signal }) };
  });
  if (found === undefined) return;
  const items = found.revisions.toReversed().map(({ number, changeCause, replicaSet }, index) => ({
    label: vscode.l10n.t('Revision {0}', number),
    description: [replicaSet.metadata.creationTimestamp, index === 0 ? vscode.l10n.t('runs now') : '']
      .filter(Boolean)
      .join(' · '),
    detail: changeCause ?? imagesOf(describePodTemplate(replicaSet.spec.template ?? {})),
    number,
  }));
  const picked = await vscode.window.showQuickPick(items.slice(1), {
    title: vscode.l10n.t('Roll back {0} of cluster "{1}"', labelOf(target), cluster.context.name),
    placeHolder:
      items.length > 1 ? vscode.l10n.t('What to go back to') : vscode.l10n.t('There is no earlier revision'),
  });
  if (picked === undefined) return;
  const done = await attempt(doing, () => rollBackTo(target, found.deployment, picked.number));
  if (done !== undefined) void vscode.window.showInformationMessage(`${labelOf(target)}: ${done}`);
}

function rollBackTo({ cluster }: Target, deployment: Deployment, revision: number): Promise<string> {
  return rollBack(cluster.cluster.client, deployment, revision, { signal: cluster.signal });
}

function imagesOf(template: readonly string[]): string {
  return template.flatMap((line) => /^\s*Image:\s*(.*)$/.exec(line)?.[1] ?? []).join(', ');
}
