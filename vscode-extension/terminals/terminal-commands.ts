import * as vscode from 'vscode';
import type { Container, EphemeralContainer, Pod } from '../../core/api/generated/core-v1.ts';
import { addDebugContainer, containerStarted } from '../../core/client/operations/debug.ts';
import { nameSuffix, systemRandom } from '../../core/machinery/random.ts';
import { attempt, signalOf } from '../commands/failure.ts';
import { containerOf, labelOf, targetsOf, type Target, type TreeArguments } from '../commands/targets.ts';
import type { ClusterSession } from '../session/cluster-session.ts';
import { within } from '../session/within.ts';
import { ContainerTerminal, type OpenProcess } from './container-terminal.ts';

/** A debug container has this long to start: its image may have to be pulled. */
const debugTimeoutMs = 120_000;

/** The best shell there is. */
const shell = ['sh', '-c', 'if command -v bash >/dev/null 2>&1; then exec bash; else exec sh; fi'];

/** Shells in containers, and what containers run. */
export function registerTerminalCommands(session: ClusterSession): vscode.Disposable {
  const each = (command: string, work: (target: Target, container: string) => Promise<void>) =>
    vscode.commands.registerCommand(command, async (...where: TreeArguments) => {
      for (const target of targetsOf(session, where)) {
        const container = containerOf(where)?.name ?? (await chooseContainer(target));
        if (container === undefined) return;
        await attempt(vscode.l10n.t('open a terminal in {0}', labelOf(target)), () =>
          work(target, container),
        );
      }
    });
  return vscode.Disposable.from(
    each('wheelhouse.exec', async (target, container) => {
      const { containers } = target.cluster.cluster;
      show(target, container, 'terminal', (signal) =>
        containers.exec({ signal }, target.name, { container, command: shell, stdin: true, tty: true }),
      );
    }),
    each('wheelhouse.attach', async (target, container) => {
      const { containers } = target.cluster.cluster;
      const { stdin = false, tty = false } =
        allContainers(target).find(({ name }) => name === container) ?? {};
      show(target, container, 'debug-console', (signal) =>
        containers.attach({ signal }, target.name, { container, stdin, tty }),
      );
    }),
    each('wheelhouse.debug', debug),
  );
}

function show(target: Target, container: string, icon: string, open: OpenProcess): void {
  const pty = new ContainerTerminal((signal) => open(AbortSignal.any([signal, target.cluster.signal])));
  const name = `${target.name.name}/${container}`;
  vscode.window.createTerminal({ name, pty, iconPath: new vscode.ThemeIcon(icon) }).show();
}

/** Adds a container that sees the processes of another one, and a terminal to it. */
async function debug(target: Target, container: string): Promise<void> {
  const image = await vscode.window.showInputBox({
    title: vscode.l10n.t('Debug container "{0}" of {1}', container, labelOf(target)),
    prompt: vscode.l10n.t('Image of the container that is added to the Pod, to look around in'),
    value: vscode.workspace.getConfiguration('wheelhouse').get('debugImage', 'busybox'),
  });
  if (image === undefined || image === '') return;
  const name = `debugger-${nameSuffix(systemRandom)}`;
  const added: EphemeralContainer = {
    name,
    image,
    imagePullPolicy: 'IfNotPresent',
    stdin: true,
    tty: true,
    targetContainerName: container,
  };
  const { client, containers } = target.cluster.cluster;
  const limit = within(target.cluster, debugTimeoutMs);
  await addDebugContainer(client, target.name, added, limit);
  const location = vscode.ProgressLocation.Notification;
  const title = vscode.l10n.t('Starting {0}', image);
  await vscode.window.withProgress({ location, title, cancellable: true }, (_progress, token) =>
    containerStarted(client, target.name, name, signalOf(token, limit)),
  );
  show(target, name, 'debug-alt', (signal) =>
    containers.attach({ signal }, target.name, { container: name, stdin: true, tty: true }),
  );
}

function allContainers({ object }: Target): readonly (Container | EphemeralContainer)[] {
  const { containers, initContainers, ephemeralContainers } = (object as Pod).spec;
  return [...containers, ...(initContainers ?? []), ...(ephemeralContainers ?? [])];
}

async function chooseContainer(target: Target): Promise<string | undefined> {
  const names = (target.object as Pod).spec.containers.map(({ name }) => name);
  if (names.length <= 1) return names[0];
  return vscode.window.showQuickPick(names, { title: vscode.l10n.t('Container of {0}', labelOf(target)) });
}
