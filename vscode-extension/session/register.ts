import * as vscode from 'vscode';
import { systemClock } from '../../core/machinery/clock.ts';
import { systemRandom } from '../../core/machinery/random.ts';
import { ClusterSession } from './cluster-session.ts';
import { followKinds } from './follow-kinds.ts';
import type { KubeconfigFollower, KubeconfigFollowerDependencies } from './follow-kubeconfig.ts';
import { reasonOf } from './reason.ts';
import { showStatusBar } from './status-bar.ts';

const namespaceMemory = 'wheelhouse.namespace';

/** The connection, its status-bar item and the commands that choose a cluster. Connects in trusted workspaces only. */
export function registerSession(
  context: vscode.ExtensionContext,
  log: vscode.LogOutputChannel,
): ClusterSession {
  const onError = (error: unknown, doing: string) => log.warn(`Cannot ${doing}: ${reasonOf(error)}`);
  const session = new ClusterSession({
    connect: async (place) => {
      // Loaded when there is something to connect to: gRPC is most of the bundle.
      const { connectCluster } = await import('../../core/client/cluster.ts');
      return connectCluster(place, `wheelhouse-vscode/${String(context.extension.packageJSON.version)}`);
    },
    clock: systemClock,
    random: systemRandom,
    onError,
  });
  session.showNamespace(context.workspaceState.get<string>(namespaceMemory));
  session.onNamespaceChange((namespace) => void context.workspaceState.update(namespaceMemory, namespace));
  session.onStateChange((state) => {
    void vscode.commands.executeCommand('setContext', 'wheelhouse.state', state.kind);
    log.info(describeState(state));
  });
  session.onClusterChange((cluster) => {
    void vscode.commands.executeCommand('setContext', 'wheelhouse.open', cluster !== undefined);
  });

  const ended = new AbortController();
  const following = followKubeconfig({ memory: context.workspaceState, session, log }, ended.signal);
  following.catch((error: unknown) => {
    log.error(`Cannot follow the kubeconfig: ${reasonOf(error)}`);
    session.close(reasonOf(error));
  });
  context.subscriptions.push(
    showStatusBar(session),
    { dispose: followKinds(session, systemClock, onError) },
    // A row of the tree says which one it means; everybody else is asked.
    vscode.commands.registerCommand('wheelhouse.chooseContext', async (row?: { readonly context?: string }) =>
      (await following).choose(row?.context),
    ),
    vscode.commands.registerCommand('wheelhouse.chooseNamespace', async (row?: object) => {
      const { isNamespaceChoice, pickNamespace } = await import('./context-picker.ts');
      const picked = isNamespaceChoice(row) ? row : await pickNamespace(session);
      if (picked !== undefined) session.showNamespace(picked.namespace);
    }),
    vscode.commands.registerCommand('wheelhouse.startLocalCluster', () => startLocalCluster()),
    vscode.commands.registerCommand('wheelhouse.reconnect', async () => (await following).reopen()),
    vscode.commands.registerCommand('wheelhouse.showLog', () => log.show()),
    {
      dispose: () => {
        ended.abort();
        session.close();
      },
    },
  );
  return session;
}

/** Begins when activation is over: what reads YAML takes longer to load than all that activation needs. */
async function followKubeconfig(
  dependencies: KubeconfigFollowerDependencies,
  ended: AbortSignal,
): Promise<KubeconfigFollower> {
  await new Promise((resolve) => setTimeout(resolve, 0));
  const { KubeconfigFollower } = await import('./follow-kubeconfig.ts');
  const follower = new KubeconfigFollower(dependencies);
  ended.addEventListener('abort', () => follower.dispose(), { once: true });
  if (ended.aborted) follower.dispose();
  else follower.start();
  return follower;
}

/** Runs `wh up` where its progress can be seen; the kubeconfig it writes is found by itself. */
function startLocalCluster(): void {
  const shellPath = vscode.workspace.getConfiguration('wheelhouse').get('program', 'wh');
  const iconPath = new vscode.ThemeIcon('server-environment');
  const options = { name: 'wh up', shellPath, shellArgs: ['up', '--yes'], iconPath };
  vscode.window.createTerminal(options).show();
}

function describeState(state: ClusterSession['state']): string {
  switch (state.kind) {
    case 'unread':
      return 'The kubeconfig was not read yet';
    case 'none':
      return state.why ?? 'No cluster is open';
    case 'connecting':
      return `Connecting to "${state.context.name}" at ${state.context.endpoint}`;
    case 'connected':
      return `Connected to "${state.context.name}": Wheelhouse ${state.version.wheelhouseVersion}`;
    case 'unavailable':
      return `"${state.context.name}" is not available: ${state.why}`;
  }
}
