import * as vscode from 'vscode';
import { drainNode, planDrain, setSchedulable, type DrainPlan } from '../../core/client/operations/nodes.ts';
import { systemClock } from '../../core/machinery/clock.ts';
import type { ClusterSession } from '../session/cluster-session.ts';
import { within } from '../session/within.ts';
import { attempt, signalOf } from './failure.ts';
import { shortList } from './short-list.ts';
import { confirm, labelOf, targetsOf, type Target, type TreeArguments } from './targets.ts';

/** Cordon, uncordon, drain. */
export function registerNodeCommands(session: ClusterSession): vscode.Disposable {
  const each = (command: string, work: (target: Target) => Promise<void>) =>
    vscode.commands.registerCommand(command, async (...where: TreeArguments) => {
      for (const target of targetsOf(session, where)) await work(target);
    });
  return vscode.Disposable.from(
    each('wheelhouse.cordon', (target) => changeScheduling(target, false)),
    each('wheelhouse.uncordon', (target) => changeScheduling(target, true)),
    each('wheelhouse.drain', drain),
  );
}

async function changeScheduling(target: Target, schedulable: boolean): Promise<void> {
  const { cluster, name } = target;
  const doing = schedulable
    ? vscode.l10n.t('uncordon {0}', labelOf(target))
    : vscode.l10n.t('cordon {0}', labelOf(target));
  await attempt(doing, () => setSchedulable(cluster.cluster.client, name.name, schedulable, within(cluster)));
}

async function drain(target: Target): Promise<void> {
  const { cluster, name } = target;
  const { client } = cluster.cluster;
  const doing = vscode.l10n.t('drain {0}', labelOf(target));
  const plan = await attempt(doing, () => planDrain(client, name.name, within(cluster)));
  if (plan === undefined) return;
  const question = vscode.l10n.t('Drain {0} of cluster "{1}"?', labelOf(target), cluster.context.name);
  if (!(await confirm(question, vscode.l10n.t('Drain'), consequences(plan)))) return;
  const total = plan.evicted.length + plan.lost.length;
  await vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      title: vscode.l10n.t('Draining {0}', name.name),
      cancellable: true,
    },
    async (progress, token) => {
      let gone = 0;
      await attempt(doing, () =>
        drainNode(client, name.name, plan, {
          clock: systemClock,
          signal: signalOf(token, cluster.signal),
          onPod: (pod, state, why) => {
            const pods = vscode.l10n.t('{0} of {1} Pods are gone', state === 'gone' ? ++gone : gone, total);
            const held = state === 'held back' ? `${pod.metadata.name}: ${why}` : '';
            progress.report({
              message: [pods, held].filter(Boolean).join(' · '),
              increment: state === 'gone' ? 100 / total : 0,
            });
          },
        }),
      );
    },
  );
}

/** What the user should know before saying yes. */
function consequences({ evicted, lost, withLocalData, staying }: DrainPlan): string {
  const { t } = vscode.l10n;
  const names = (pods: DrainPlan['lost']) =>
    shortList(pods.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)).join(', ');
  return [
    t('{0} Pods are evicted and made anew on other nodes, where there is room.', evicted.length),
    ...(lost.length === 0
      ? []
      : [t('{0} Pods have no controller and are gone for good: {1}', lost.length, names(lost))]),
    ...(withLocalData.length === 0
      ? []
      : [t('{0} Pods lose files they keep on the node: {1}', withLocalData.length, names(withLocalData))]),
    ...(staying.length === 0 ? [] : [t('{0} Pods of DaemonSets stay.', staying.length)]),
  ].join('\n');
}
