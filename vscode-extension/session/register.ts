import * as vscode from 'vscode';
import { defaultLocalCluster, localKubeconfig } from '../../core/client/local-clusters.ts';
import { systemClock } from '../../core/machinery/clock.ts';
import { systemRandom } from '../../core/machinery/random.ts';
import { ClusterSession } from './cluster-session.ts';
import { chooseContext, filesToWatch, kubeconfigFiles, watchFiles } from './kubeconfig-source.ts';
import { followKinds } from './follow-kinds.ts';
import { reasonOf } from './reason.ts';
import { showStatusBar } from './status-bar.ts';

/** Where the chosen context is remembered, for the workspace. */
const contextMemory = 'wheelhouse.context';
const namespaceMemory = 'wheelhouse.namespace';
/** Several files are written at once when a cluster starts; they are read when that has settled. */
const settleMs = 100;

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

  const files = () =>
    kubeconfigFiles({
      setting: vscode.workspace.getConfiguration('wheelhouse').get('kubeconfig', ''),
      env: process.env,
    });
  let opened: string | undefined;
  const follow = () => {
    if (!vscode.workspace.isTrusted) return;
    const { contexts, ...choice } = chooseContext(files(), context.workspaceState.get<string>(contextMemory));
    session.offerContexts(contexts);
    const wanted = JSON.stringify(choice);
    if (wanted === opened) return;
    opened = wanted;
    if (choice.kind === 'context') {
      session.open(choice.context).catch((error: unknown) => log.error(`Cannot connect: ${reasonOf(error)}`));
    } else {
      session.close(choice.kind === 'broken' ? choice.why : undefined);
    }
  };
  const reopen = () => {
    opened = undefined;
    follow();
  };

  let endWatching = () => {};
  let endWaiting: (() => void) | undefined;
  // Folders come and go with their clusters, so what is watched is settled anew after every change.
  const rewatch = () => {
    endWaiting = undefined;
    endWatching();
    endWatching = watchFiles([...filesToWatch(files()), localKubeconfig(defaultLocalCluster)], () => {
      endWaiting ??= systemClock.after(settleMs, rewatch);
    });
    follow();
  };
  context.subscriptions.push(
    showStatusBar(session),
    { dispose: followKinds(session, systemClock, onError) },
    vscode.workspace.onDidGrantWorkspaceTrust(rewatch),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration('wheelhouse.kubeconfig')) rewatch();
    }),
    // A row of the tree says which one it means; everybody else is asked.
    vscode.commands.registerCommand(
      'wheelhouse.chooseContext',
      async (row?: { readonly context?: string }) => {
        const { pickContext } = await import('./context-picker.ts');
        const name = row?.context ?? (await pickContext(files(), session));
        if (name === undefined) return;
        await context.workspaceState.update(contextMemory, name);
        reopen();
      },
    ),
    vscode.commands.registerCommand('wheelhouse.chooseNamespace', async (row?: object) => {
      const { isNamespaceChoice, pickNamespace } = await import('./context-picker.ts');
      const picked = isNamespaceChoice(row) ? row : await pickNamespace(session);
      if (picked !== undefined) session.showNamespace(picked.namespace);
    }),
    vscode.commands.registerCommand('wheelhouse.startLocalCluster', () => startLocalCluster()),
    vscode.commands.registerCommand('wheelhouse.reconnect', reopen),
    vscode.commands.registerCommand('wheelhouse.showLog', () => log.show()),
    {
      dispose: () => {
        endWaiting?.();
        endWatching();
        session.close();
      },
    },
  );
  rewatch();
  return session;
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
