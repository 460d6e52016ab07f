import * as vscode from 'vscode';
import type { ServedResource } from '../../core/client/resource-index.ts';
import { systemClock } from '../../core/machinery/clock.ts';
import type { ClusterSession } from '../session/cluster-session.ts';
import { reasonOf } from '../session/reason.ts';
import { parseFilter, type ObjectFilter } from './object-filter.ts';
import { sharedWords } from './row-words.ts';
import { treeItemOf } from './tree-items.ts';
import { TreeModel } from './tree-model.ts';
import type { TreeNode } from './tree-node.ts';

/** The tree of the open cluster: a model while a cluster is open, drawn with the editor's own widgets. */
export class ClusterExplorer implements vscode.TreeDataProvider<TreeNode>, vscode.Disposable {
  readonly #session: ClusterSession;
  readonly #changes = new vscode.EventEmitter<TreeNode[] | undefined>();
  readonly onDidChangeTreeData = this.#changes.event;
  readonly #view: vscode.TreeView<TreeNode>;
  readonly #disposables: vscode.Disposable[];
  #model: TreeModel | undefined;
  #filter: ObjectFilter | undefined;
  /** The kinds that the rows are of. */
  #kinds = '';
  /** Something changed while nobody looked. */
  #stale = false;

  constructor(session: ClusterSession) {
    this.#session = session;
    this.#view = vscode.window.createTreeView('wheelhouse.cluster', {
      treeDataProvider: this,
      showCollapseAll: true,
      canSelectMany: true,
    });
    const ends = [
      session.onClusterChange(() => this.#reset()),
      session.onNamespaceChange(() => this.#reset()),
      session.onContextsChange(() => this.#model?.contextsChanged()),
      session.onStateChange(() => this.#describe()),
      session.onKindsChange(({ all }) => this.#showKinds(all)),
    ];
    this.#disposables = [
      this.#view,
      this.#changes,
      this.#view.onDidChangeSelection(({ selection }) => {
        const words = sharedWords(selection).join(' ');
        void vscode.commands.executeCommand('setContext', 'wheelhouse.selected', words);
      }),
      this.#view.onDidChangeVisibility(({ visible }) => {
        if (visible && this.#stale) this.refresh();
      }),
      { dispose: () => ends.forEach((end) => end()) },
    ];
    this.#reset();
  }

  /** What is selected; several with the modifier keys. */
  get selection(): readonly TreeNode[] {
    return this.#view.selection;
  }

  getTreeItem(node: TreeNode): vscode.TreeItem {
    if (this.#model === undefined) return new vscode.TreeItem('');
    return treeItemOf(node, this.#model, this.#session.namespace === undefined);
  }

  async getChildren(node?: TreeNode): Promise<TreeNode[]> {
    const model = this.#model;
    if (model === undefined) return [];
    const nodes = node === undefined ? await model.roots() : await model.children(node);
    // What a model that was closed meanwhile says is nobody's business.
    return model === this.#model ? [...nodes] : [];
  }

  getParent(node: TreeNode): TreeNode | undefined {
    return node.parent;
  }

  refresh(): void {
    this.#stale = false;
    this.#changes.fire(undefined);
  }

  /** Asks for a filter; an empty one shows everything again. */
  async askForFilter(): Promise<void> {
    const text = await vscode.window.showInputBox({
      title: vscode.l10n.t('Wheelhouse: Filter'),
      prompt: vscode.l10n.t(
        'Part of a name or status, "!part" for all others, "-l app=web" for labels, "?" for faults',
      ),
      value: this.#filter?.text ?? '',
      validateInput: (input) => {
        try {
          parseFilter(input);
          return undefined;
        } catch (error) {
          return reasonOf(error);
        }
      },
    });
    if (text !== undefined) this.setFilter(text);
  }

  setFilter(text: string): void {
    this.#filter = parseFilter(text);
    if (this.#model !== undefined) this.#model.filter = this.#filter;
    void vscode.commands.executeCommand('setContext', 'wheelhouse.filtered', this.#filter !== undefined);
    this.#describe();
    this.refresh();
  }

  dispose(): void {
    this.#model?.close();
    for (const disposable of this.#disposables) disposable.dispose();
  }

  #reset(): void {
    this.#model?.close();
    const { current, namespace } = this.#session;
    this.#model =
      current === undefined
        ? undefined
        : new TreeModel(current, namespace, {
            clock: systemClock,
            contexts: () => this.#session.contexts,
            onChange: (nodes) => this.#show(nodes),
          });
    if (this.#model !== undefined) this.#model.filter = this.#filter;
    this.#describe();
    this.refresh();
  }

  #show(nodes: readonly TreeNode[]): void {
    if (this.#view.visible) this.#changes.fire([...nodes]);
    else this.#stale = true;
  }

  #showKinds(served: readonly ServedResource[]): void {
    const kinds = served.map(({ group, version, plural }) => `${group}/${version}/${plural}`).join();
    // Definitions change their schemas as well, which no row shows.
    if (kinds === this.#kinds) return;
    this.#kinds = kinds;
    if (this.#view.visible) this.refresh();
    else this.#stale = true;
  }

  #describe(): void {
    const { state, namespace } = this.#session;
    this.#view.description =
      'context' in state ? [state.context.name, namespace].filter(Boolean).join('/') : '';
    const lines = [
      ...(state.kind === 'unavailable' ? [vscode.l10n.t('Not available: {0}', state.why)] : []),
      ...(state.kind === 'none' && state.why !== undefined ? [state.why] : []),
      ...(this.#filter === undefined ? [] : [vscode.l10n.t('Filter: {0}', this.#filter.text)]),
    ];
    this.#view.message = lines.join('\n');
  }
}
