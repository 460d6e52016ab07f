import * as vscode from 'vscode';
import { systemClock } from '../../../core/machinery/clock.ts';
import type { ClusterSession } from '../../session/cluster-session.ts';
import { reasonOf } from '../../session/reason.ts';
import type { KnownObjects } from '../references/check-references.ts';
import { FileObjects, keyOf, type FileObject } from '../references/object-index.ts';
import { FileChecker, type CheckSettings } from '../service/file-checker.ts';
import { SchemaHolder } from '../service/schema-holder.ts';
import type { PlacedDocument } from '../syntax/manifest-file.ts';
import type { LanguageDependencies } from '../register.ts';
import { ClusterObjects } from './live-objects.ts';
import { snapshotFiles } from './snapshot-files.ts';

/** Changes of the cluster come in crowds; what depends on them is shown anew at most this often. */
const settleMs = 300;

/** What all providers share: the schemas in force, the open files as they are parsed, and the objects that are known. */
export class ManifestService implements vscode.Disposable {
  readonly files = new FileObjects();
  /** Folders whose manifests kustomize builds from: it makes and changes names. */
  readonly kustomized = new Set<string>();
  readonly session: ClusterSession;
  readonly log: vscode.LogOutputChannel;
  readonly #schemas: SchemaHolder;
  readonly #live: ClusterObjects;
  readonly #checkers = new Map<string, { readonly checker: FileChecker; version: number }>();
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #disposables: vscode.Disposable[] = [];
  #settling: NodeJS.Timeout | undefined;

  /** Schemas, objects of the cluster or of other files are other than before. */
  readonly onChange = this.#changed.event;

  constructor({ context, session, log }: LanguageDependencies) {
    this.session = session;
    this.log = log;
    const onError = (error: unknown, doing: string) => log.warn(`Cannot ${doing}: ${reasonOf(error)}`);
    const settle = () => this.#settle();
    this.#schemas = new SchemaHolder({
      store: snapshotFiles(context.globalStorageUri),
      onChange: settle,
      onError,
    });
    this.#live = new ClusterObjects({
      session,
      clock: systemClock,
      onChange: settle,
      onError: (error) => onError(error, 'look up objects'),
    });
    const follow = () => void this.#follow();
    this.#disposables.push(
      this.#changed,
      new vscode.Disposable(session.onClusterChange(follow)),
      new vscode.Disposable(session.onStateChange(follow)),
      new vscode.Disposable(session.onNamespaceChange(settle)),
      new vscode.Disposable(
        session.onKindsChange((served) => {
          this.#live.kindsChanged(served);
          void this.#refresh();
        }),
      ),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.#checkers.delete(uri.toString())),
    );
    follow();
  }

  get settings(): CheckSettings {
    return { model: this.#schemas.model, namespace: this.session.defaultNamespace };
  }

  get known(): KnownObjects {
    return { files: this.files, live: this.session.state.kind === 'connected' ? this.#live : undefined };
  }

  /** The file as it is now; parsed where somebody looks. */
  checkerOf(document: vscode.TextDocument): FileChecker {
    const key = document.uri.toString();
    let entry = this.#checkers.get(key);
    if (entry === undefined) {
      entry = { checker: new FileChecker(key), version: -1 };
      this.#checkers.set(key, entry);
    }
    if (entry.version !== document.version) {
      entry.checker.update(document.getText());
      entry.version = document.version;
    }
    return entry.checker;
  }

  /** The YAML document that a position is in, and the offset within it. */
  at(
    document: vscode.TextDocument,
    position: vscode.Position,
  ): { readonly placed: PlacedDocument; readonly offset: number } | undefined {
    const offset = document.offsetAt(position);
    const placed = this.checkerOf(document).documentAt(offset);
    return placed && { placed, offset: offset - placed.start };
  }

  /** Files are about to be read. @returns to be called once they have been, when what is in none of them is told of */
  beginReading(): () => void {
    const end = this.files.beginReading();
    return () => {
      end();
      this.#settle();
    };
  }

  /** Takes over what a file has for others; `checker.objects` says what that is. */
  index(file: string, objects: readonly FileObject[], kinds: ReturnType<FileChecker['kinds']>): void {
    const before = this.files.ofFile(file);
    this.files.update(file, objects);
    this.#schemas.setFileKinds(file, kinds);
    // Names in other files may lead somewhere now, or nowhere any more.
    if (isOther(before, objects)) this.#settle();
  }

  /** Whether names in the file are only what they will be when it has been built. */
  namesAreFinal(uri: vscode.Uri): boolean {
    for (let folder = vscode.Uri.joinPath(uri, '..'); ; folder = vscode.Uri.joinPath(folder, '..')) {
      if (this.kustomized.has(folder.toString())) return false;
      if (folder.path === '/' || folder.path === '' || folder.path === '.') return true;
    }
  }

  dispose(): void {
    clearTimeout(this.#settling);
    this.#live.reset();
    for (const disposable of this.#disposables) disposable.dispose();
  }

  async #follow(): Promise<void> {
    const { current, state } = this.session;
    if (current === undefined) {
      this.#live.reset();
      // While nothing is connected, the last cluster's schemas are better than none.
      if (state.kind === 'none') await this.#schemas.follow(undefined);
      this.#settle();
      return;
    }
    const { context, cluster, signal } = current;
    await this.#schemas.follow(`${context.name}\n${context.endpoint}`);
    if (state.kind === 'connected') await this.#schemas.refresh(cluster, signal);
    this.#settle();
  }

  async #refresh(): Promise<void> {
    const { current } = this.session;
    if (current !== undefined) await this.#schemas.refresh(current.cluster, current.signal);
  }

  #settle(): void {
    this.#settling ??= setTimeout(() => {
      this.#settling = undefined;
      this.#changed.fire();
    }, settleMs);
  }
}

function isOther(before: readonly FileObject[], after: readonly FileObject[]): boolean {
  if (before.length !== after.length) return true;
  return before.some((object, index) => {
    const now = after[index];
    return now === undefined || keyOf(object.id) !== keyOf(now.id) || object.keys.join() !== now.keys.join();
  });
}
