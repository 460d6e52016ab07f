import * as vscode from 'vscode';
import type { Pod, Service } from '../../core/api/generated/core-v1.ts';
import type { ClusterSession, OpenCluster } from '../session/cluster-session.ts';
import { within } from '../session/within.ts';
import { attempt } from './failure.ts';
import { destinationOf } from './forward-destination.ts';
import { OpenForwards } from './open-forwards.ts';
import { PortForward } from './port-forwarder.ts';
import { labelOf, targetsOf, type Target, type TreeArguments } from './targets.ts';

/** Forwarding ports, until it is stopped. */
export function registerPortForward(
  session: ClusterSession,
  log: vscode.LogOutputChannel,
): vscode.Disposable {
  const open = new OpenForwards(session);
  return vscode.Disposable.from(
    vscode.commands.registerCommand('wheelhouse.portForward', async (...where: TreeArguments) => {
      const [target] = targetsOf(session, where);
      if (target === undefined) return;
      await attempt(vscode.l10n.t('forward a port of {0}', labelOf(target)), async () => {
        const forward = await start(session, target, log, () => open.show());
        if (forward === undefined) return;
        open.add(forward);
        await announce(forward);
      });
    }),
    vscode.commands.registerCommand('wheelhouse.stopPortForward', () => open.askWhichToStop()),
    open,
  );
}

async function start(
  session: ClusterSession,
  target: Target,
  log: vscode.LogOutputChannel,
  onChange: () => void,
): Promise<PortForward | undefined> {
  const ports = portsOf(target);
  const picked = await vscode.window.showQuickPick(
    [...ports, { label: vscode.l10n.t('Another port…'), port: undefined }],
    { title: vscode.l10n.t('Forward a port of {0}', labelOf(target)) },
  );
  if (picked === undefined) return undefined;
  const remote = picked.port ?? (await askForPort(vscode.l10n.t('Port in the Pod'), ''));
  if (remote === undefined) return undefined;
  const local = await askForPort(
    vscode.l10n.t('Port on this machine; 0 takes any that is free'),
    String(remote),
  );
  if (local === undefined) return undefined;
  const { cluster, resource, object } = target;
  const chosen = { port: remote, inPod: picked.port === undefined };
  const find = (open: OpenCluster, signal: AbortSignal) =>
    destinationOf(open.cluster.client, resource.kind, object, chosen, signal);
  const forward = new PortForward(session, {
    context: cluster.context.name,
    name: labelOf(target),
    where: await find(cluster, within(cluster)),
    find,
    onError: (text) => log.warn(text),
    onChange,
  });
  await forward.listen(local);
  return forward;
}

async function askForPort(prompt: string, value: string): Promise<number | undefined> {
  const text = await vscode.window.showInputBox({
    prompt,
    value,
    validateInput: (input) =>
      /^\d{1,5}$/.test(input) && Number(input) < 65_536 ? undefined : vscode.l10n.t('A number up to 65535'),
  });
  return text === undefined ? undefined : Number(text);
}

function portsOf({ resource, object }: Target): readonly { readonly label: string; readonly port: number }[] {
  if (resource.kind === 'Service') {
    return ((object as Service).spec.ports ?? []).map(({ name, port }) => ({
      label: name === undefined ? String(port) : `${port} (${name})`,
      port,
    }));
  }
  return (object as Pod).spec.containers.flatMap(({ name, ports }) =>
    (ports ?? []).map(({ containerPort }) => ({ label: `${containerPort} (${name})`, port: containerPort })),
  );
}

async function announce(forward: PortForward): Promise<void> {
  // Where the editor is remote, its own forwarding brings the port to the user's machine.
  const uri = await vscode.env.asExternalUri(vscode.Uri.parse(`http://localhost:${forward.port}`));
  const open = vscode.l10n.t('Open in Browser');
  const stop = vscode.l10n.t('Stop');
  vscode.window.showInformationMessage(forward.text, open, stop).then((picked) => {
    if (picked === open) void vscode.env.openExternal(uri);
    if (picked === stop) forward.close();
  });
}
