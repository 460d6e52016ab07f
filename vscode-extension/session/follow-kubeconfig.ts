import * as vscode from 'vscode';
import { defaultLocalCluster, localKubeconfig } from '../../core/client/local-clusters.ts';
import { systemClock } from '../../core/machinery/clock.ts';
import type { ClusterSession } from './cluster-session.ts';
import { pickContext } from './context-picker.ts';
import { chooseContext, filesToWatch, kubeconfigFiles, watchFiles } from './kubeconfig-source.ts';
import { reasonOf } from './reason.ts';

/** Where the chosen context is remembered, for the workspace. */
const contextMemory = 'wheelhouse.context';
/** Several files are written at once when a cluster starts; they are read when that has settled. */
const settleMs = 100;

export interface KubeconfigFollowerDependencies {
  readonly memory: vscode.Memento;
  readonly session: ClusterSession;
  readonly log: vscode.LogOutputChannel;
}

/**
 * Opens the cluster that the kubeconfig leads to, now and whenever it, the setting or the workspace's trust changes.
 * Parsing it takes longer than all of activation, so this is loaded when that is over.
 */
export class KubeconfigFollower implements vscode.Disposable {
  readonly #dependencies: KubeconfigFollowerDependencies;
  readonly #disposables: readonly vscode.Disposable[];
  #opened: string | undefined;
  #endWatching = () => {};
  #endWaiting: (() => void) | undefined;

  constructor(dependencies: KubeconfigFollowerDependencies) {
    this.#dependencies = dependencies;
    this.#disposables = [
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.start()),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('wheelhouse.kubeconfig')) this.start();
      }),
    ];
  }

  /** Watches what there is to read now, and opens what that says. */
  start(): void {
    this.#endWaiting?.();
    this.#endWaiting = undefined;
    this.#endWatching();
    // Folders come and go with their clusters, so what is watched is settled anew after every change.
    const files = [...filesToWatch(kubeconfigsHere()), localKubeconfig(defaultLocalCluster)];
    this.#endWatching = watchFiles(files, () => {
      this.#endWaiting ??= systemClock.after(settleMs, () => this.start());
    });
    this.#follow();
  }

  /** Opens anew, also what is open already. */
  reopen(): void {
    this.#opened = undefined;
    this.#follow();
  }

  /** Opens another context, from now on. @param named undefined where the user is to be asked */
  async choose(named: string | undefined): Promise<void> {
    const { memory, session } = this.#dependencies;
    const name = named ?? (await pickContext(kubeconfigsHere(), session));
    if (name === undefined) return;
    await memory.update(contextMemory, name);
    this.reopen();
  }

  dispose(): void {
    this.#endWaiting?.();
    this.#endWatching();
    for (const disposable of this.#disposables) disposable.dispose();
  }

  #follow(): void {
    const { memory, session, log } = this.#dependencies;
    if (!vscode.workspace.isTrusted) {
      session.close();
      return;
    }
    const { contexts, ...choice } = chooseContext(kubeconfigsHere(), memory.get<string>(contextMemory));
    session.offerContexts(contexts);
    const wanted = JSON.stringify(choice);
    if (wanted === this.#opened) return;
    this.#opened = wanted;
    if (choice.kind === 'context') {
      session.open(choice.context).catch((error: unknown) => log.error(`Cannot connect: ${reasonOf(error)}`));
    } else {
      session.close(choice.kind === 'broken' ? choice.why : undefined);
    }
  }
}

function kubeconfigsHere(): readonly string[] {
  const setting = vscode.workspace.getConfiguration('wheelhouse').get('kubeconfig', '');
  return kubeconfigFiles({ setting, env: process.env });
}
